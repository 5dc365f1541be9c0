import type { Event } from '../../src/domain/event.ts';
import { createApp, type GitHubApp, type GitHubClient } from '../../src/github/app-client.ts';
import type { CallSeen } from '../../src/github/github-fetch.ts';
import type { ObserveContext, RepositoryEvent } from '../../src/github/observe.ts';
import { createTreeCache } from '../../src/github/repository-tree.ts';
import type { WriteContext } from '../../src/github/write-attempt.ts';
import { World } from '../world/world.ts';
import type { Pull, Repository } from '../world/world-state.ts';

const CONFIG_PATHS = ['.plumbline/config.yml', '.plumbline.yml'] as const;
const WORKFLOW = `name: Plumbline
run-name: plumbline \${{ inputs.run-id }}
on:
  workflow_dispatch:
    inputs:
      run-id: { required: true, type: string }
permissions: { contents: read, id-token: write }
jobs:
  plumbline:
    runs-on: ubuntu-latest
    steps:
      - uses: plumbline/plumbline/action@v1
`;

/** How long the client waits for an answer; shorter only where a test knows that none will come. */
class Patience {
  ms: number | null = null;

  signalWith(signal: AbortSignal | null | undefined): AbortSignal | null {
    const own = this.ms === null ? [] : [AbortSignal.timeout(this.ms)];
    return AbortSignal.any([...(signal ? [signal] : []), ...own]);
  }
}

/** A world with one repository in which the App is installed, and our client for it. */
export interface WorldApp extends AsyncDisposable {
  readonly world: World;
  readonly app: GitHubApp;
  readonly client: GitHubClient;
  readonly repository: Repository;
  readonly installationId: number;
  readonly context: ObserveContext;
  readonly calls: CallSeen[];
  readonly patience: Patience;
  readonly pullEvent: (pull: Pull) => RepositoryEvent;
  readonly writing: (uncertain?: boolean) => WriteContext;
}

export async function openWorld(files: Readonly<Record<string, string>> = {}): Promise<WorldApp> {
  const world = await World.start();
  world.addOrganization('acme');
  const repository = await world.addRepository({
    name: 'infra',
    owner: 'acme',
    people: { ada: 'write', bob: 'maintain', eve: 'read' },
    files: { 'network/main.tf': '', '.github/workflows/plumbline.yml': WORKFLOW, ...files },
  });
  const installation = world.install('acme');
  const calls: CallSeen[] = [];
  const patience = new Patience();
  const app = createApp({
    appId: world.app.id,
    privateKey: world.app.privateKeyPem,
    webhookSecrets: [world.app.webhookSecret],
    apiUrl: world.apiUrl,
    fetch: (url, init) => globalThis.fetch(url, { ...init, signal: patience.signalWith(init?.signal) }),
    onCall: (call) => calls.push(call),
  });
  const startedAt = Date.now();
  return {
    world,
    app,
    client: await app.installationClient(installation.id),
    repository,
    installationId: installation.id,
    calls,
    patience,
    context: {
      appId: world.app.id,
      botId: world.app.bot.id,
      trees: createTreeCache(),
      wait: async () => {},
      paths: {
        config: CONFIG_PATHS,
        workflow: '.github/workflows/plumbline.yml',
        waivers: '.plumbline/waivers.yml',
        central: [],
      },
    },
    pullEvent: (pull) =>
      ({
        kind: 'pull',
        action: 'opened',
        repository: {
          installationId: installation.id,
          repositoryId: repository.id,
          owner: repository.owner,
          name: repository.name,
        },
        pull: pull.number,
        headSha: pull.headSha,
        sender: { id: 1, login: 'ada', bot: false },
      }) satisfies Event,
    writing: (uncertain = false) => ({
      appId: world.app.id,
      botId: world.app.bot.id,
      uncertain,
      since: startedAt,
    }),
    [Symbol.asyncDispose]: () => world.close(),
  };
}
