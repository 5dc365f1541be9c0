import { type ChildProcess, fork } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type BenchTable, median, type Progress } from './bench-table.ts';
import { NO_POSTGRES, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.ts';
import { deliveriesPerSecond, rawRequest } from './send-deliveries.ts';

const DELIVERIES = 3_000;
const CONNECTIONS = 16;
const ROUNDS = 5;
/** Deliveries come for many pull requests at once, and some for the same. */
const PULLS = 500;

/** Deliveries per second of our route and of one that does the least, each in a process of its own, taking turns. */
export async function benchIntake(progress: Progress): Promise<readonly BenchTable[]> {
  const name = `Intake: deliveries per second on PostgreSQL, ${CONNECTIONS} at once, ${Math.round(bodyAt(0).length / 1_000)} kB each`;
  using postgres = startScratchPostgres();
  if (postgres === undefined) {
    return [{ name, rows: [], notes: [NO_POSTGRES] }];
  }
  const secret = randomBytes(32).toString('hex');
  const kinds = ['bare', 'route'] as const;
  const rates: Record<(typeof kinds)[number], number[]> = { bare: [], route: [] };
  const processes = { bare: await start('bare', postgres, secret), route: await start('route', postgres, secret) };
  try {
    for (let round = -1; round < ROUNDS; round += 1) {
      progress(`intake, round ${round + 1} of ${ROUNDS}${round < 0 ? ' (not counted)' : ''}`);
      for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const rate = await deliveriesPerSecond(processes[kind].port, requestsSigned(secret), CONNECTIONS);
        if (round >= 0) {
          rates[kind].push(rate);
        }
      }
    }
  } finally {
    for (const { child } of Object.values(processes)) {
      child.kill('SIGKILL');
    }
  }
  const share = median(rates.route.map((rate, at) => rate / (rates.bare[at] ?? Number.NaN)));
  const row = (receiver: string, values: readonly number[], part: number): Record<string, string | number> => ({
    receiver,
    'per second, median': Math.round(median(values)),
    'least and most': `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`,
    share: `${Math.round(part * 100)} %`,
  });
  return [
    {
      name,
      promise: { text: 'at least 50 % of the bare route', kept: share >= 0.5 },
      rows: [
        row('POST /webhooks/github: signature, parsing, place in the line, event', rates.route, share),
        row('baseline: bare hono route: signature, one row with the body', rates.bare, 1),
      ],
      notes: [
        `Median over ${ROUNDS} rounds of ${DELIVERIES} deliveries each; the database does not sync to disk, which would hide our own time.`,
        'The worker does not run: deliveries are taken in while it is busy elsewhere, or by another process.',
      ],
    },
  ];
}

async function start(
  kind: 'bare' | 'route',
  postgres: ScratchPostgres,
  secret: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const url = await postgres.database({ empty: kind === 'bare' });
  const child = fork(join(import.meta.dirname, 'intake-routes.ts'), [kind, url, secret]);
  const port = Promise.withResolvers<number>();
  child.once('message', (message) => port.resolve(Number(message)));
  child.once('exit', () => port.reject(new Error(`the ${kind} receiver did not start`)));
  return { child, port: await port.promise };
}

function requestsSigned(secret: string): readonly Buffer[] {
  return Array.from({ length: DELIVERIES }, (_, at) => {
    const body = bodyAt(at);
    return rawRequest(
      {
        'x-github-event': 'issue_comment',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
      body,
    );
  });
}

/** A comment on a pull request, about as large as GitHub's: most of it is links that nobody reads. */
function bodyAt(at: number): string {
  const api = 'https://api.github.com/repos/acme/infra';
  const links = (count: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`resource_${n}_url`, `${api}/resource-${n}{/number}{?per_page,page}`]),
    );
  const user = (id: number, login: string) => ({ id, login, type: 'User', ...links(12) });
  return JSON.stringify({
    action: 'created',
    issue: {
      id: 1_000_000 + at,
      number: 1 + (at % PULLS),
      title: 'A change',
      user: user(3, 'ada'),
      pull_request: { url: `${api}/pulls/${at}` },
      body: 'What it does, and why. '.repeat(40),
      ...links(20),
    },
    comment: {
      id: 5_000_000 + at,
      body: 'looks good to me, thank you',
      user: user(4, 'grace'),
      created_at: '2026-11-21T10:00:00Z',
      ...links(8),
    },
    repository: {
      id: 42,
      name: 'infra',
      full_name: 'acme/infra',
      default_branch: 'main',
      owner: user(5, 'acme'),
      ...links(46),
    },
    sender: user(4, 'grace'),
    installation: { id: 7 },
  });
}
