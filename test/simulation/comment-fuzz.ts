import { TRIGGERS, type Trigger } from '../../src/decision/command.ts';
import { parseCommands } from '../../src/decision/commands.ts';
import { isAllowedFlag } from '../../src/protocol/terraform-flags.ts';
import { Random } from './random.ts';

const PIECES = [
  'plumbline',
  'PLUMBLINE',
  'terraform',
  'atlantis',
  'plan',
  'apply',
  'apply-force',
  'apply-autoapprove',
  'unlock',
  'approve',
  'gate',
  'explain',
  'help',
  'cancel',
  'aply',
  'plna',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '`',
  '```',
  '> ',
  '--',
  '-target',
  '-target=',
  '-var',
  '-var-file=../x',
  '-var-file=a.tfvars',
  '-chdir=/',
  '-state=/etc/passwd',
  '-destroy',
  '-refresh=false',
  '-lock-timeout=5m',
  '-parallelism=3',
  '-d',
  '-w',
  'dir:prod',
  'workspace:x',
  '#12',
  '12',
  'drift',
  'and',
  'or',
  'not',
  '(',
  ')',
  '"',
  "'",
  '$(id)',
  '`id`',
  ';rm -rf /',
  '&&',
  '|',
  '\u0000',
  '\u202e',
  '\ud800',
  '😀',
  'deadbeef1',
  '=',
  ',',
  'ünïcode',
  '__proto__',
] as const;

const EVERY: ReadonlySet<Trigger> = new Set(TRIGGERS);

/** Parse so many made-up comments. Throws when one throws, or gives an argument that the runner would refuse. Returns how many. */
export function fuzzComments(seed: number, count: number): number {
  const random = new Random(seed);
  for (let made = 0; made < count; made += 1) {
    const body = madeUp(random);
    for (const line of parseCommands(body, EVERY)) {
      if (!line.ok || !('flags' in line.command)) {
        continue;
      }
      for (const flag of line.command.flags) {
        if (!isAllowedFlag(flag)) {
          throw new Error(`${JSON.stringify(body)} gives ${JSON.stringify(flag)}`);
        }
      }
    }
  }
  return count;
}

function madeUp(random: Random): string {
  const parts: string[] = random.chance(0.7) ? ['plumbline ', random.pick(PIECES), ' '] : [];
  for (let left = random.below(14); left > 0; left -= 1) {
    parts.push(random.pick(PIECES), random.chance(0.6) ? ' ' : '');
  }
  return parts.join('');
}
