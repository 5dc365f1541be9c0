import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { World } from '../world/world.ts';
import { type BenchTable, median, type Progress } from './bench-table.ts';
import { NO_POSTGRES, startScratchPostgres } from './scratch-postgres.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const TURNS = 5;
const ROOT_KEYS = `k1:${Buffer.alloc(32, 1).toString('base64')}`;

/** After this long nothing is left of the start; the rest is what an idle service holds. */
const IDLE_MS = 5_000;

/** From the start of the process to `/readyz` 200, and the memory of an idle service. */
export async function benchServiceStart(progress: Progress): Promise<readonly BenchTable[]> {
  using postgres = startScratchPostgres();
  await using world = await World.start();
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  try {
    const shared = {
      ...world.serviceEnvironment(),
      DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: 'silent',
      ENCRYPTION_KEYS: ROOT_KEYS,
    };
    const cache = join(folder, 'compile-cache');
    const rows: Row[] = [];
    if (postgres !== undefined) {
      const DATABASE_URL = await postgres.database({ empty: true });
      progress('start: first start, which migrates');
      rows.push(rowOf('PostgreSQL, empty database, no compile cache', [await startOnce({ ...shared, DATABASE_URL })]));
      const warm = { ...shared, DATABASE_URL, NODE_COMPILE_CACHE: cache };
      await startOnce(warm);
      for (const [name, env] of [
        [READY, warm],
        ['PostgreSQL, no compile cache', { ...shared, DATABASE_URL }],
      ] as const) {
        progress(`start: ${name}`);
        const starts: Start[] = [];
        for (let turn = 0; turn < TURNS; turn += 1) {
          starts.push(await startOnce(env, turn === TURNS - 1));
        }
        rows.push(rowOf(name, starts));
      }
    }
    progress('start: embedded database');
    await startOnce({ ...shared, NODE_COMPILE_CACHE: cache });
    rows.push(
      rowOf('embedded database, made before, compile cache warm', [
        await startOnce({ ...shared, NODE_COMPILE_CACHE: cache }, true),
      ]),
    );
    rows.push(await baseline());
    const promised = rows.find(({ start }) => start === READY);
    return [
      {
        name: 'Service: process started to /readyz 200, and resident memory when idle',
        ...(promised === undefined
          ? {}
          : {
              promise: {
                text: 'on PostgreSQL at most 1 s and 150 MB',
                kept: promised['ms, median'] <= 1_000 && Number(promised['MB idle']) <= 150,
              },
            }),
        rows,
        notes: [
          `Idle: ${IDLE_MS / 1_000} s after it was ready. GitHub is played on loopback by another process.`,
          ...(postgres === undefined ? [NO_POSTGRES] : []),
        ],
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const READY = 'PostgreSQL, compile cache warm';

interface Start {
  readonly ms: number;
  readonly megabytes: number | null;
}

type Row = Readonly<Record<string, string | number>> & {
  readonly start: string;
  readonly 'ms, median': number;
  readonly 'MB idle': string;
};

function rowOf(start: string, starts: readonly Start[]): Row {
  const ms = starts.map((one) => one.ms);
  return {
    start,
    'ms, median': Math.round(median(ms)),
    'least and most': ms.length === 1 ? '' : `${Math.round(Math.min(...ms))} to ${Math.round(Math.max(...ms))}`,
    'MB idle': `${starts.findLast(({ megabytes }) => megabytes !== null)?.megabytes ?? ''}`,
  };
}

async function startOnce(env: Readonly<Record<string, string>>, idle = false): Promise<Start> {
  const port = await freePort();
  return started([MAIN], `http://127.0.0.1:${port}/readyz`, idle, {
    ...env,
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  });
}

/** What Node itself costs: a process with a server that answers, and nothing else. */
async function baseline(): Promise<Row> {
  const starts: Start[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const port = await freePort();
    const script = `require('node:http').createServer((_, r) => r.end('ok')).listen(${port}, '127.0.0.1')`;
    starts.push(await started(['-e', script], `http://127.0.0.1:${port}/`, turn === 0, {}));
  }
  return rowOf('baseline: node with a server that says ok', starts);
}

async function started(
  argv: readonly string[],
  url: string,
  idle: boolean,
  env: Readonly<Record<string, string>>,
): Promise<Start> {
  const before = performance.now();
  const child = spawn(process.execPath, [...argv], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await answers(child, url);
    const ms = performance.now() - before;
    if (!idle) {
      return { ms, megabytes: null };
    }
    await delay(IDLE_MS);
    return { ms, megabytes: residentMegabytes(child) };
  } finally {
    const gone = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGTERM');
    await gone;
  }
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`the process ended with ${child.exitCode}`);
    }
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) {
      return;
    }
    await delay(5);
  }
}

/** Source: proc(5), VmRSS. */
function residentMegabytes({ pid }: ChildProcess): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1_024);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
