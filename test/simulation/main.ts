import { parseArgs } from 'node:util';
import { play } from './history.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '2000' },
    steps: { type: 'string', default: '60' },
  },
});
const steps = Number(values.steps);
const seeds =
  values.seed === undefined ? Array.from({ length: Number(values.count) }, (_, at) => at + 1) : [Number(values.seed)];
const failures: string[] = [];
for (const seed of seeds) {
  for (const disorder of [0, 1]) {
    try {
      play({ seed, steps, disorder });
    } catch (error) {
      failures.push(`${error instanceof Error ? error.message : error} (disorder ${disorder})`);
    }
  }
}
process.stdout.write(`${seeds.length * 2} histories of ${steps} steps, ${failures.length} broken\n`);
for (const failure of failures.slice(0, 5)) {
  process.stdout.write(`\n${failure}\n`);
}
process.stdout.write(failures.length > 0 ? '\nReplay one with: npm run simulate -- --seed N\n' : '');
process.exitCode = failures.length > 0 ? 1 : 0;
