import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReasonCode } from '../../src/domain/reason.ts';
import type { CallSeen } from '../../src/github/github-fetch.ts';
import { createLog, type Log } from '../../src/log.ts';
import { type Service, startService } from '../../src/service.ts';
import { readSettings, settingsReport } from '../../src/settings.ts';
import type { Db } from '../../src/store/database.ts';
import { World, type WorldOptions } from '../world/world.ts';
import type { Pull, Repository } from '../world/world-state.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface StageOptions {
  readonly world?: WorldOptions;
  /** Environment of the service beside what the world gives; `DATABASE_URL` for PostgreSQL. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log?: Log;
  /** Hears of each call of the service to GitHub when it has ended. */
  readonly onCall?: (call: CallSeen) => void;
  /** Root modules of the repository; default three. */
  readonly roots?: readonly string[];
  /** `.plumbline/config.yml` on the default branch. */
  readonly config?: string;
  /** More files of the default branch; a function is told where root modules keep their state. */
  readonly files?: Readonly<Record<string, string>> | ((stateDir: string) => Readonly<Record<string, string>>);
  /** How long the service lets things finish when it closes, in milliseconds. */
  readonly finishWithinMs?: number;
  /** Start the service otherwise than in this process, in this environment. */
  readonly start?: (environment: Readonly<Record<string, string>>, url: string) => Promise<Service>;
  /** Change the workflow file, or leave it out with null. */
  readonly workflow?: (text: string) => string | null;
}

/** A world with an organisation, people and a repository, and the service that serves it. */
export interface Stage {
  readonly world: World;
  readonly service: Service;
  readonly repository: Repository;
  readonly calls: readonly CallSeen[];
  /** Where the root modules keep their state. */
  readonly stateDir: string;
  /** The workflow file as the product ships it, with the service's address. */
  readonly workflowText: string;
  /** Text of a root module whose one resource holds `value`. */
  readonly rootModule: (root: string, value: string) => string;
  /** The texts of our comments on a pull request, oldest first. */
  readonly commentsOf: (pull: Pull) => readonly string[];
  readonly close: () => Promise<void>;
}

export const ORGANISATION = 'acme';
export const AUTHOR = 'ada';
export const REVIEWER = 'grace';
export const STRANGER = 'mallory';

/** Start everything. The runner is the committed bundle, run as a process with a real terraform. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'plumbline-stage-'));
  const stateDir = join(home, 'state');
  const world = await World.start({
    runner: { kind: 'process', entry: join(ROOT, 'action/dist/index.mjs') },
    ...options.world,
  });
  const calls: CallSeen[] = [];
  const environment = {
    ...world.serviceEnvironment(),
    PUBLIC_URL: 'http://127.0.0.1:1',
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: join(home, 'data'),
    LOG_LEVEL: 'silent',
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ...options.environment,
  };
  const port = environment.PORT === '0' ? await freePort() : Number(environment.PORT);
  const publicUrl = `http://127.0.0.1:${port}`;
  const read = readSettings({ ...environment, PORT: `${port}`, PUBLIC_URL: publicUrl });
  if (!read.ok) {
    throw new Error(settingsReport(read.problems));
  }
  const { settings } = read;
  const service =
    options.start === undefined
      ? await startService(settings, options.log ?? createLog(settings.logLevel), {
          onCall: (call) => {
            calls.push(call);
            options.onCall?.(call);
          },
          ...(options.finishWithinMs === undefined ? {} : { finishWithinMs: options.finishWithinMs }),
        })
      : await options.start({ ...environment, PORT: `${port}`, PUBLIC_URL: publicUrl }, publicUrl);

  const rootModule = (root: string, value: string): string => `terraform {
  backend "local" {
    path = "${stateDir}/${root}.tfstate"
  }
}

resource "terraform_data" "this" {
  input = "${value}"
}
`;
  world.addOrganization(ORGANISATION);
  for (const login of [AUTHOR, REVIEWER, STRANGER]) {
    world.addUser(login);
  }
  world.webhookUrl = `${service.url}/webhooks/github`;
  const template = await readFile(join(ROOT, '.github/workflows/plumbline.yml'), 'utf8');
  const workflowText = template.replaceAll('https://plumbline.example.com', settings.publicUrl);
  const workflow = (options.workflow ?? ((text) => text))(workflowText);
  const roots = options.roots ?? ['network', 'database', 'app'];
  const repository = await world.addRepository({
    name: 'infra',
    owner: ORGANISATION,
    files: {
      'README.md': '# infra\n',
      ...Object.fromEntries(roots.map((root) => [`${root}/main.tf`, rootModule(root, 'one')])),
      ...(workflow === null ? {} : { '.github/workflows/plumbline.yml': workflow }),
      ...(options.config === undefined ? {} : { '.plumbline/config.yml': options.config }),
      ...(typeof options.files === 'function' ? options.files(stateDir) : options.files),
    },
  });
  world.setPermission(repository, AUTHOR, 'write');
  world.setPermission(repository, REVIEWER, 'write');
  world.setPermission(repository, STRANGER, 'read');
  world.install(ORGANISATION);

  return {
    world,
    service,
    repository,
    calls,
    stateDir,
    workflowText,
    rootModule,
    commentsOf: (pull) =>
      world
        .commentsOn(repository, pull.number)
        .filter((comment) => comment.author.endsWith('[bot]'))
        .map((comment) => comment.body),
    close: async () => {
      await world.close();
      await service.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const LOOK_EVERY_MS = 200;

/** Fulfilled with the first truthy answer of `look` at the service's rows; asked at once and whenever the service has written something. */
export async function waitForRows<T>(
  stage: Stage,
  look: (db: Db) => Promise<T | undefined | false | null>,
  what: string,
): Promise<T> {
  const { database } = stage.service;
  const deadline = AbortSignal.timeout(90_000);
  const gate = Promise.withResolvers<void>();
  let { promise, resolve } = gate;
  const endings = (['inbox', 'outbox'] as const).map((channel) => database.listen(channel, () => resolve()));
  deadline.addEventListener('abort', () => resolve());
  // Not everything is announced: what is sent to GitHub, for one, ends without a word.
  const backstop = setInterval(() => resolve(), LOOK_EVERY_MS);
  try {
    for (;;) {
      const found = await look(database.db);
      if (found !== undefined && found !== false && found !== null) {
        return found;
      }
      if (deadline.aborted) {
        throw new Error(`the service's rows never showed ${what}`);
      }
      await promise;
      ({ promise, resolve } = Promise.withResolvers<void>());
    }
  } finally {
    clearInterval(backstop);
    for (const end of endings) {
      end();
    }
  }
}

/** Fulfilled when the service has decided `count` events for this reason. */
export async function decided(stage: Stage, reason: ReasonCode, count = 1): Promise<void> {
  await waitForRows(
    stage,
    async (db) => (await db.selectFrom('decision').select('id').where('reason', '=', reason).execute()).length >= count,
    `the decision ${reason}`,
  );
}

/** The service must know its public address before it listens: take a port that was free a moment ago. */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
