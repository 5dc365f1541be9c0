import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Manifest, ManifestTarget } from '../../src/protocol/messages.ts';
import { PROTOCOL } from '../../src/protocol/messages.ts';
import type { Outcome, Report } from '../../src/protocol/report.ts';
import { type FakeService, startFakeService } from './fake-service.ts';
import { startGitHttp } from './git-http.ts';
import { type GitOrigin, makeOrigin } from './git-origin.ts';
import { bundledRunner, RUN, startRunner, TOKEN, tempDir } from './start-runner.ts';

const DIGEST_KEY = randomBytes(32).toString('base64');
export const SEAL_KEY = randomBytes(32).toString('base64');
export const PLAN_ID = '00000000-0000-4000-8000-0000000000aa';

/** Service, git server, repository and a directory for state: all that one run needs. */
export interface RunWorld extends AsyncDisposable {
  readonly service: FakeService;
  readonly origin: GitOrigin;
  readonly temp: string;
  readonly start: (env?: Readonly<Record<string, string>>) => ReturnType<typeof startRunner>;
  /** Runs to the end and answers the only report. */
  readonly run: (
    manifest: Manifest,
    env?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly report: Report; readonly output: string; readonly code: number | null }>;
}

export async function openRunWorld(): Promise<RunWorld> {
  const stack = new AsyncDisposableStack();
  const temp = stack.use(tempDir());
  const origin = stack.use(makeOrigin());
  const git = stack.use(await startGitHttp(origin.dir, TOKEN));
  const service = stack.use(await startFakeService(RUN));
  const entry = await bundledRunner();
  const start: RunWorld['start'] = (env = {}) =>
    startRunner({
      entry,
      server: service.url,
      idTokenUrl: service.idTokenUrl,
      github: git.url,
      temp: join(temp.path, 'runner'),
      env,
    });
  return {
    service,
    origin,
    temp: temp.path,
    start,
    async run(manifest, env) {
      service.steps = [{ next: 'manifest', manifest }];
      const before = service.reports.length;
      const { code, output } = await start(env).ended;
      const report = service.reports[before];
      if (report === undefined) {
        throw new Error(`no report: ${service.problems.join('; ')}\n${output}`);
      }
      return { report, output, code };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function manifestOf(change: Partial<Manifest> & Pick<Manifest, 'headSha' | 'baseSha'>): Manifest {
  return {
    protocol: PROTOCOL,
    run: RUN,
    kind: 'plan',
    baseRef: 'main',
    pull: 1,
    flags: [],
    autoapprove: false,
    parallel: 2,
    stepTimeoutMs: 60_000,
    configDigest: 'c0ffee',
    digestKey: DIGEST_KEY,
    targets: [targetOf({})],
    ...change,
  };
}

export function targetOf(change: Partial<ManifestTarget>): ManifestTarget {
  return {
    index: 0,
    dir: 'app',
    workspace: 'default',
    engine: 'terraform',
    version: null,
    createWorkspace: true,
    seal: { planId: PLAN_ID, key: SEAL_KEY, aad: 'v1|plan' },
    ...change,
  };
}

/** A root module with its state outside of the checkout, as a real backend has it. */
export function rootModule(stateDir: string, body: string): string {
  return `terraform {
  backend "local" {
    path          = "${stateDir}/terraform.tfstate"
    workspace_dir = "${stateDir}/workspaces"
  }
}
${body}
`;
}

export function only(report: Report | undefined): Outcome {
  const [outcome, ...more] = report?.outcomes ?? [];
  if (outcome === undefined || more.length > 0) {
    throw new Error(`expected one outcome: ${JSON.stringify(report)}`);
  }
  return outcome;
}
