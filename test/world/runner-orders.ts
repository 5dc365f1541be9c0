import type { RunConclusion, WorkflowRun } from './workflow-run.ts';

/** What a run does instead of simply running. */
export type RunOrder =
  | { readonly kind: 'never-start' }
  | { readonly kind: 'startup-failure' }
  | { readonly kind: 'cancel-queued' }
  /** The runner starts and is stopped, as by a job's time limit, `afterMs` later. */
  | { readonly kind: 'time-out'; readonly afterMs: number }
  /** Cancelled while running, `afterMs` after the start. */
  | { readonly kind: 'cancel-running'; readonly afterMs: number }
  /** The machine vanishes: the process is killed without a word. */
  | { readonly kind: 'kill-running'; readonly afterMs: number }
  | { readonly kind: 'wait-for-approval' };

/** Who does the work of a job. */
export type Runner =
  /** A test does: `world.startRun`, `world.finishRun`. */
  | { readonly kind: 'manual' }
  /** The bundled action, as a process of its own. */
  | RunnerProcess
  | { readonly kind: 'function'; readonly run: (run: WorkflowRun) => Promise<RunConclusion> };

export interface RunnerProcess {
  readonly kind: 'process';
  /** Path of the action's `main`, e.g. `action/dist/index.mjs`; `action.yml` is looked for beside `dist/`. */
  readonly entry: string;
  /** More environment for the job's machine, e.g. `PATH` with another terraform. */
  readonly env?: Readonly<Record<string, string>>;
  /** Jobs side by side; default 4. */
  readonly atOnce?: number;
  /** Whether the job's token is also in `GITHUB_TOKEN` when the workflow does not map it; default true. */
  readonly ambientToken?: boolean;
  /** Grace between SIGINT, SIGTERM and SIGKILL on cancel. GitHub: 7500 and 2500. */
  readonly interruptGraceMs?: number;
  readonly terminateGraceMs?: number;
}

/** Orders for coming runs, and the runner in use. */
export class RunnerOrders {
  runner: Runner;
  readonly #orders: { readonly order: RunOrder; readonly matches: (run: WorkflowRun) => boolean; left: number }[] = [];
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(runner: Runner) {
    this.runner = runner;
  }

  /** The next `times` runs (that match) do this. */
  next(order: RunOrder, times = 1, matches: (run: WorkflowRun) => boolean = () => true): void {
    this.#orders.push({ order, matches, left: times });
  }

  take(run: WorkflowRun): RunOrder | undefined {
    const found = this.#orders.find((one) => one.left > 0 && one.matches(run));
    if (found !== undefined) {
      found.left -= 1;
    }
    return found?.order;
  }

  /** Wait for a free machine; answers the function that frees it. */
  async machine(): Promise<() => void> {
    const atOnce = this.runner.kind === 'process' ? (this.runner.atOnce ?? 4) : Number.POSITIVE_INFINITY;
    while (this.#running >= atOnce) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    return () => {
      this.#running -= 1;
      this.#waiting.shift()?.();
    };
  }
}
