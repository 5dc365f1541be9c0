import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startStage } from '../end-to-end/stage.ts';
import { createSteps } from './demo-steps.ts';
import { demoConfig, play } from './play.ts';
import { summaryOf, summaryText } from './summary.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help === true) {
  console.log(
    'npm run demo -- [--json] [--keep]\n\n  --json  print what happened as one JSON object on standard output\n  --keep  leave it running and print the addresses\n\nExit 0: every step happened. 1: one did not, or terraform is missing.',
  );
  process.exit(0);
}
const engine = (['terraform', 'tofu'] as const).find(runs);
if (engine === undefined) {
  console.error(
    'The demo needs terraform or tofu: install one of them, so that `terraform version` works in this terminal.',
  );
  process.exit(1);
}

const steps = createSteps();
const started = performance.now();
let failed = false;
const stage = await steps.step(
  'start',
  () => startStage({ config: demoConfig(engine) }),
  ({ service, world }) =>
    `service at ${service.url} (${service.database.kind} database), GitHub played at ${world.url}`,
);
try {
  await play(stage, steps);
} catch {
  failed = true;
}
const summary = await summaryOf(stage, steps.done, Math.round(performance.now() - started) / 1_000);
if (values.json === true) {
  console.log(JSON.stringify(summary));
} else {
  console.log(summaryText(summary));
}
if (values.keep === true) {
  console.error(
    `\nStill running. Service ${stage.service.url}, GitHub's API ${stage.world.apiUrl}, state files ${stage.stateDir}. Ctrl-C ends it.`,
  );
  await new Promise((resolve) => process.once('SIGINT', resolve));
}
await stage.close();
process.exit(failed ? 1 : 0);

function runs(tool: string): boolean {
  try {
    execFileSync(tool, ['version'], { stdio: 'ignore', env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    return true;
  } catch {
    return false;
  }
}
