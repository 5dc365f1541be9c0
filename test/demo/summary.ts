import type { Stage } from '../end-to-end/stage.ts';
import type { StepDone } from './demo-steps.ts';

export interface Summary {
  readonly ok: boolean;
  readonly seconds: number;
  readonly steps: readonly StepDone[];
  readonly events: Readonly<Record<string, number>>;
  readonly githubCalls: Readonly<Record<string, number>>;
  readonly actionsRuns: readonly { readonly kind: string; readonly state: string; readonly pull: number }[];
}

/** What happened, counted from the service's own rows and calls. */
export async function summaryOf(stage: Stage, steps: readonly StepDone[], seconds: number): Promise<Summary> {
  const { db } = stage.service.database;
  const events = await db.selectFrom('inbox_event').select(['name', 'state']).execute();
  const runs = await db.selectFrom('run').select(['kind', 'state', 'pull']).orderBy('created_at').execute();
  return {
    ok: steps.every(({ ok }) => ok),
    seconds,
    steps,
    events: count(events.map(({ name, state }) => `${name} ${state}`)),
    githubCalls: count(stage.calls.map(({ method, route }) => `${method} ${route}`)),
    actionsRuns: runs,
  };
}

/** The same for people. */
export function summaryText(summary: Summary): string {
  const rows = (title: string, counts: Readonly<Record<string, number>>): readonly string[] => [
    '',
    `${title}: ${Object.values(counts).reduce((sum, value) => sum + value, 0)}`,
    ...Object.entries(counts).map(([name, value]) => `  ${String(value).padStart(4)}  ${name}`),
  ];
  return [
    'Seconds per step',
    ...summary.steps.map(
      ({ name, seconds, ok }) => `  ${seconds.toFixed(1).padStart(6)}  ${name}${ok ? '' : '  (did not happen)'}`,
    ),
    ...rows('Events', summary.events),
    ...rows('GitHub calls', summary.githubCalls),
    ...rows('Actions runs', count(summary.actionsRuns.map(({ kind, state, pull }) => `${kind} of #${pull}: ${state}`))),
    '',
    summary.ok ? `Everything happened, in ${summary.seconds.toFixed(1)} s.` : 'Not everything happened.',
  ].join('\n');
}

function count(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
