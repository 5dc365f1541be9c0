import { isOnPath } from '../action/start-runner.ts';
import { AUTHOR, decided, startStage } from '../end-to-end/stage.ts';
import type { BenchTable, Progress } from './bench-table.ts';
import { quiet } from './quiet.ts';

const PROMISED = 10;
const SIZES = [1, 50];

/** Calls to GitHub from the opening of a pull request to its settled checks, with a real terraform, for few and for many dirspaces. */
export async function benchGitHubCalls(progress: Progress): Promise<readonly BenchTable[]> {
  const name = 'GitHub calls: open → autoplan → plan shown and checks settled, mergeability UNKNOWN at first';
  if (!isOnPath('terraform')) {
    return [{ name, rows: [], notes: ['not measured: terraform is not on PATH'] }];
  }
  const counts: Counts[] = [];
  for (const size of SIZES) {
    progress(`GitHub calls with ${size} dirspaces`);
    counts.push(await callsFor(size));
  }
  const routes = [...new Set(counts.flatMap(({ byRoute }) => [...byRoute.keys()]))].sort();
  const total = counts.map(({ byRoute }) => sum(byRoute.values()));
  const row = (call: string, value: (at: number) => number): Record<string, string | number> => ({
    call,
    ...Object.fromEntries(SIZES.map((size, at) => [`${size} dirspaces`, value(at)])),
  });
  const same = total.every((value) => value === total[0]);
  return [
    {
      name,
      promise: {
        text: `at most ${PROMISED}, and as many for 50 dirspaces as for 1`,
        kept: same && total.every((value) => value <= PROMISED),
      },
      rows: [
        ...routes.map((route) => row(route, (at) => counts[at]?.byRoute.get(route) ?? 0)),
        row('in all', (at) => total[at] ?? 0),
        row('baseline: one comment, one status and one file list per dirspace', (at) => 3 * (SIZES[at] ?? 0)),
      ],
      notes: [
        'The token of the installation is counted; who we are (asked at the start) and the first sight of the installation are not.',
        `Actions runs: ${counts.map(({ runs }) => runs).join(' and ')}.`,
      ],
    },
  ];
}

interface Counts {
  readonly byRoute: ReadonlyMap<string, number>;
  readonly runs: number;
}

async function callsFor(size: number): Promise<Counts> {
  const roots = Array.from({ length: size }, (_, at) => `root-${at}`);
  const stage = await startStage({ roots });
  try {
    await decided(stage, 'installation-saved');
    await quiet(stage.service.database.db);
    const before = stage.calls.length;
    const pull = await stage.world.openPullRequest(stage.repository, {
      author: AUTHOR,
      files: Object.fromEntries(roots.map((root) => [`${root}/main.tf`, stage.rootModule(root, 'two')])),
    });
    await stage.world.waitFor(
      () => stage.commentsOf(pull).find((body) => body.includes('terraform_data.this')),
      'the plan',
      600_000,
    );
    await stage.world.waitFor((world) => world.runs.every(({ status }) => status === 'completed'), 'the run', 60_000);
    await stage.world.deliveriesSettled();
    await quiet(stage.service.database.db);
    const byRoute = new Map<string, number>();
    // The token is needed by the first call for an installation, whichever that is.
    const tokens = stage.calls.slice(0, before).filter(({ route }) => route.endsWith('/access_tokens'));
    for (const { method, route } of [...tokens, ...stage.calls.slice(before)]) {
      byRoute.set(`${method} ${route}`, (byRoute.get(`${method} ${route}`) ?? 0) + 1);
    }
    return { byRoute, runs: stage.world.runs.length };
  } finally {
    await stage.close();
  }
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((all, value) => all + value, 0);
}
