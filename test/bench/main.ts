import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type BenchTable, formatTables, type Progress } from './bench-table.ts';

/** A group is loaded when it is its turn, so that none pays for the imports of another. */
const GROUPS: Readonly<Record<string, () => Promise<(progress: Progress) => Promise<readonly BenchTable[]>>>> = {
  matching: async () => (await import('./matching.ts')).benchMatching,
  configuration: async () => (await import('./configuration.ts')).benchConfiguration,
  plan: async () => (await import('./plan-model.ts')).benchPlanModel,
  start: async () => (await import('./service-start.ts')).benchServiceStart,
  intake: async () => (await import('./intake.ts')).benchIntake,
  dispatch: async () => (await import('./event-to-dispatch.ts')).benchEventToDispatch,
  calls: async () => (await import('./github-calls.ts')).benchGitHubCalls,
  runner: async () => (await import('./runner.ts')).benchRunner,
};

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
});
const names = values.only ?? Object.keys(GROUPS);
const unknown = names.filter((name) => !Object.hasOwn(GROUPS, name));
if (values.help === true || unknown.length > 0) {
  const usage = `npm run bench -- [--json] [--only NAME]…\n\nNames: ${Object.keys(GROUPS).join(', ')}.\nExit 0 whatever the figures are; 1 when a measurement broke.`;
  console.error(unknown.length > 0 ? `There is no group ${unknown.join(', ')}.\n\n${usage}` : usage);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const progress: Progress = (text) => process.stderr.write(`… ${text}\n`);
const [loadBefore = 0] = loadavg();
const machine = {
  node: process.version,
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  /** Processes that wanted a core when this began. More than none means that times are too long. */
  loadBefore: Math.round(loadBefore * 10) / 10,
  date: new Date().toISOString().slice(0, 10),
};
const tables: BenchTable[] = [];
const broken: { readonly group: string; readonly message: string }[] = [];
for (const name of names) {
  progress(name);
  try {
    const bench = await GROUPS[name]?.();
    const made = (await bench?.(progress)) ?? [];
    tables.push(...made);
    if (values.json !== true) {
      console.log(`${formatTables(made)}\n`);
    }
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    broken.push({ group: name, message });
    process.stderr.write(`${name} could not be measured: ${message}\n`);
  }
}
if (values.json === true) {
  console.log(JSON.stringify({ machine, tables, broken }));
} else {
  const busy =
    loadBefore > 0.5 ? `; the machine was busy (load ${machine.loadBefore}): times are longer than they would be` : '';
  console.log(`Node ${machine.node}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.date}${busy}`);
}
process.exit(broken.length > 0 ? 1 : 0);
