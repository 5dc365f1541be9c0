import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startFakeService } from '../action/fake-service.ts';
import { startGitHttp } from '../action/git-http.ts';
import { makeOrigin } from '../action/git-origin.ts';
import { manifestOf, rootModule, SEAL_KEY, targetOf } from '../action/run-world.ts';
import { isOnPath, RUN, startRunner, TOKEN, tempDir } from '../action/start-runner.ts';
import { type BenchTable, median, type Progress, round } from './bench-table.ts';

const ROOTS = 20;
const PAIRS = 5;
/** The bundle that users run, not one built for the occasion. */
const ENTRY = join(import.meta.dirname, '../../action/dist/index.mjs');
const PROMISED = 1.15;

/** Twenty small roots: from the manifest to the last report, against a shell script that calls terraform and does nothing else. */
export async function benchRunner(progress: Progress): Promise<readonly BenchTable[]> {
  const parallel = Math.max(2, availableParallelism());
  const name = `Runner: ${ROOTS} small roots, ${parallel} at a time, seconds`;
  if (!isOnPath('terraform')) {
    return [{ name, rows: [], notes: ['not measured: terraform is not on PATH'] }];
  }
  await using stage = await openStage(parallel);
  const runner: number[] = [];
  const script: number[] = [];
  const cloning: number[] = [];
  const lazily: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    progress(`runner and script, pair ${pair + 1} of ${PAIRS}`);
    // Taking turns in going first: what the machine does beside this hits both.
    if (pair % 2 === 0) {
      runner.push(await stage.runner());
      script.push(await stage.script({ clone: false }));
    } else {
      script.push(await stage.script({ clone: false }));
      runner.push(await stage.runner());
    }
    cloning.push(await stage.script({ clone: true }));
    lazily.push(await stage.script({ clone: false, env: { GOGC: '200' } }));
  }
  const against = (other: readonly number[]) =>
    median(runner.map((seconds, at) => seconds / (other[at] ?? Number.NaN)));
  const ratio = against(script);
  const row = (what: string, seconds: readonly number[], part: number): Record<string, string | number> => ({
    what,
    median: round(median(seconds)),
    'each pair': seconds.map((value) => value.toFixed(1)).join(' '),
    'runner to this': part.toFixed(2),
  });
  return [
    {
      name,
      promise: { text: `at most ${PROMISED} × the script (median of ${PAIRS} pairs)`, kept: ratio <= PROMISED },
      rows: [
        row('runner: fetch, merge, init, plan, show, model, seal, upload, report', runner, 1),
        row(`baseline: xargs -P ${parallel}: init, plan -out, show -json in a checkout that is there`, script, ratio),
        row('the same script after a shallow clone from the same server', cloning, against(cloning)),
        row("the same script with the runner's GOGC, which nobody sets by hand", lazily, against(lazily)),
      ],
    },
  ];
}

interface Stage extends AsyncDisposable {
  /** Seconds from the manifest to the report. */
  readonly runner: () => Promise<number>;
  readonly script: (options: {
    readonly clone: boolean;
    readonly env?: Readonly<Record<string, string>>;
  }) => Promise<number>;
}

async function openStage(parallel: number): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const temp = stack.use(tempDir());
  const origin = stack.use(makeOrigin());
  const git = stack.use(await startGitHttp(origin.dir, TOKEN));
  const service = stack.use(await startFakeService(RUN));
  const dirs = Array.from({ length: ROOTS }, (_, at) => `root-${at}`);
  const sha = origin.commit(
    Object.fromEntries(
      dirs.map((dir) => [
        `${dir}/main.tf`,
        rootModule(
          join(temp.path, 'state', dir),
          Array.from({ length: 5 }, (_, n) => `resource "terraform_data" "r${n}" {\n  input = "${dir} ${n}"\n}`).join(
            '\n',
          ),
        ),
      ]),
    ),
  );
  const manifest = manifestOf({
    headSha: sha,
    baseSha: sha,
    parallel,
    targets: dirs.map((dir, index) =>
      targetOf({ index, dir, seal: { planId: randomUUID(), key: SEAL_KEY, aad: dir } }),
    ),
  });
  const checkout = join(temp.path, 'checkout');
  execFileSync('git', ['clone', '--quiet', origin.dir, checkout]);
  const scriptFile = join(temp.path, 'plan.sh');
  writeFileSync(
    scriptFile,
    'set -e\ncd "$1"\nterraform init -input=false -no-color\nterraform plan -out=plan.bin -input=false -no-color\nterraform show -json plan.bin > plan.json\n',
  );
  const gitUrl = git.url;
  let turn = 0;
  return {
    async runner() {
      turn += 1;
      service.steps = [{ next: 'manifest', manifest }];
      let began = Number.NaN;
      let ended = Number.NaN;
      service.onAsk = (call) => {
        if (call === 'POST /claim') {
          began = performance.now();
        } else if (call === 'POST /report') {
          ended = performance.now();
        }
      };
      const started = startRunner({
        entry: ENTRY,
        server: service.url,
        idTokenUrl: service.idTokenUrl,
        github: git.url,
        temp: join(temp.path, `runner-${turn}`),
        env: { CHECKPOINT_DISABLE: '1' },
      });
      const { code, output } = await started.ended;
      const planned = service.reports.at(-1)?.outcomes.filter(({ state }) => state === 'planned').length;
      if (code !== 0 || planned !== ROOTS) {
        throw new Error(`the runner planned ${planned ?? 0} of ${ROOTS}: ${service.problems.join('; ')}\n${output}`);
      }
      return (ended - began) / 1_000;
    },
    async script({ clone, env }) {
      turn += 1;
      const copy = join(temp.path, `script-${turn}`);
      const home = join(temp.path, `home-${turn}`);
      mkdirSync(home);
      const before = performance.now();
      if (clone) {
        const basic = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
        const header = `http.extraheader=Authorization: basic ${basic}`;
        // Not synchronous: the server is in this process.
        const git = spawn('git', ['-c', header, 'clone', '--quiet', '--depth=1', `${gitUrl}/acme/infra`, copy]);
        await once(git, 'close');
      } else {
        cpSync(checkout, copy, { recursive: true });
      }
      const xargs = spawn('xargs', ['-P', String(parallel), '-n', '1', 'sh', scriptFile], {
        cwd: copy,
        stdio: ['pipe', 'ignore', 'inherit'],
        env: {
          PATH: process.env.PATH,
          HOME: home,
          CHECKPOINT_DISABLE: '1',
          TF_CLI_CONFIG_FILE: '/dev/null',
          ...env,
        },
      });
      xargs.stdin.end(`${dirs.join('\n')}\n`);
      const [code] = await once(xargs, 'close');
      if (code !== 0) {
        throw new Error(`the script failed: ${code}`);
      }
      return (performance.now() - before) / 1_000;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
