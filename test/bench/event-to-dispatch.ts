import { AUTHOR, decided, startStage } from '../end-to-end/stage.ts';
import { type BenchTable, median, type Progress, round } from './bench-table.ts';
import { quiet } from './quiet.ts';
import { NO_POSTGRES, startScratchPostgres } from './scratch-postgres.ts';

const PULLS = 30;
/** The first ones pay for what is made once: the compiler, the token, connections. */
const WARM_UP = 5;

/** From the moment a delivery is recorded to the dispatch on the wire, one pull request after the other. */
export async function benchEventToDispatch(progress: Progress): Promise<readonly BenchTable[]> {
  using postgres = startScratchPostgres();
  const rows: Record<string, string | number>[] = [];
  if (postgres !== undefined) {
    progress(`event to dispatch, ${PULLS} pull requests on PostgreSQL`);
    rows.push(rowOf('PostgreSQL', await samplesOn({ DATABASE_URL: await postgres.database() })));
  }
  progress(`event to dispatch, ${PULLS} pull requests on the embedded database`);
  rows.push(rowOf('embedded', await samplesOn({})));
  return [
    {
      name: 'From a pull request recorded to its dispatch sent, milliseconds',
      rows,
      notes: [
        'ours: without the time in which a call to GitHub was open, which is what a GitHub that answers in 0 ms leaves.',
        'whole: with the played GitHub, which runs in the same process as the service and takes its time.',
        ...(postgres === undefined ? [NO_POSTGRES] : []),
      ],
    },
  ];
}

interface Sample {
  readonly whole: number;
  readonly ours: number;
  readonly calls: number;
}

function rowOf(database: string, samples: readonly Sample[]): Record<string, string | number> {
  const at = (values: readonly number[], part: number): number =>
    [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))] ?? Number.NaN;
  const ours = samples.map((sample) => sample.ours);
  return {
    database,
    'ours, p50': round(median(ours)),
    'ours, p95': round(at(ours, 0.95)),
    'whole, p50': round(median(samples.map(({ whole }) => whole))),
    'calls before the dispatch': median(samples.map(({ calls }) => calls)),
    'pull requests': samples.length,
  };
}

interface Interval {
  readonly from: number;
  readonly to: number;
  readonly isDispatch: boolean;
}

async function samplesOn(environment: Readonly<Record<string, string>>): Promise<readonly Sample[]> {
  const roots = Array.from({ length: PULLS }, (_, at) => `root-${at}`);
  // Nobody takes the jobs: what follows a dispatch is measured elsewhere.
  const seen: Interval[] = [];
  const stage = await startStage({
    roots,
    environment,
    world: { runner: { kind: 'manual' } },
    onCall: ({ ms, route }) => {
      const to = Date.now();
      seen.push({ from: to - ms, to, isDispatch: route.endsWith('/dispatches') });
    },
  });
  const { world, repository, service } = stage;
  try {
    await decided(stage, 'installation-saved');
    const samples: Sample[] = [];
    for (const root of roots) {
      await quiet(service.database.db);
      seen.length = 0;
      await world.openPullRequest(repository, {
        author: AUTHOR,
        files: { [`${root}/main.tf`]: stage.rootModule(root, 'two') },
      });
      await world.waitFor(() => seen.some(({ isDispatch }) => isDispatch), 'the dispatch', 60_000);
      const event = await service.database.db
        .selectFrom('inbox_event')
        .select('received_at')
        .where('name', 'like', 'pull_request%')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      const dispatch = seen.find(({ isDispatch }) => isDispatch)?.from ?? Number.NaN;
      const before = seen.filter(({ to }) => to <= dispatch + 1);
      const whole = dispatch - event.received_at;
      samples.push({ whole, ours: whole - covered(before, event.received_at, dispatch), calls: before.length });
    }
    return samples.slice(WARM_UP);
  } finally {
    await stage.close();
  }
}

/** How much of the time between two moments at least one call was open. */
function covered(calls: readonly Interval[], start: number, end: number): number {
  let until = start;
  let all = 0;
  for (const { from, to } of [...calls].sort((a, b) => a.from - b.from)) {
    const begin = Math.max(from, until);
    const stop = Math.min(to, end);
    if (stop > begin) {
      all += stop - begin;
      until = stop;
    }
  }
  return all;
}
