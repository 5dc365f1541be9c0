import { parseArgs } from 'node:util';
import { fuzzComments } from './comment-fuzz.ts';
import { play } from './history.ts';
import { firstCatch, MUTATIONS } from './mutations.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '2000' },
    steps: { type: 'string', default: '60' },
    comments: { type: 'string', default: '1000000' },
    mutations: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const steps = Number(values.steps);
const replayed = values.seed === undefined ? null : Number(values.seed);
const seeds = replayed === null ? Array.from({ length: Number(values.count) }, (_, at) => at + 1) : [replayed];
const failures: string[] = [];
for (const seed of seeds) {
  for (const disorder of [0, 1]) {
    try {
      play({ seed, steps, disorder });
    } catch (error) {
      failures.push(`${error instanceof Error ? error.message : String(error)} (disorder ${disorder})`);
    }
  }
}
say(`${seeds.length * 2} histories of ${steps} steps, ${failures.length} broken`);
for (const failure of failures.slice(0, 5)) {
  say(`\n${failure}`);
}
if (failures.length > 0) {
  say('\nReplay one with: npm run simulate -- --seed N');
}
let missed = 0;
if (replayed === null && values.mutations) {
  for (const mutation of MUTATIONS) {
    const seed = firstCatch(mutation, 400, steps);
    missed += seed === undefined ? 1 : 0;
    say(`${seed === undefined ? 'MISSED' : 'caught'}  ${mutation.name}${seed === undefined ? '' : ` (seed ${seed})`}`);
  }
}
if (replayed === null) {
  say(`${fuzzComments(1, Number(values.comments))} comments, none threw and none gave a foreign argument`);
}
process.exitCode = failures.length > 0 || missed > 0 ? 1 : 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
