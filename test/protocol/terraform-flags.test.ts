import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyFlags, isAllowedFlag } from '../../src/protocol/terraform-flags.ts';

it.each([
  '-target=module.a["x y"]',
  '-replace=a.b',
  '-var=a=',
  '-var=a=b c;$(id)',
  '-var-file=prod.tfvars',
  '-var-file=env/prod.tfvars',
  '-refresh=false',
  '-refresh-only',
  '-parallelism=5',
  '-lock-timeout=30s',
  '-destroy',
])('allows %j', (flag) => expect(isAllowedFlag(flag)).toBe(true));

it.each([
  '-chdir=..',
  '-state=x',
  '-state-out=x',
  '-backup=x',
  '-out=x',
  '-plugin-dir=x',
  '-backend-config=x',
  '-input=true',
  '-lock=false',
  '-json',
  '--target=a',
  'target=a',
  '-target',
  '-target a',
  '-target=-x',
  '-var-file=/etc/passwd',
  '-var-file=../x',
  '-var-file=a/../../x',
  '-var-file=~/x',
  '-var-file=-',
  '-var-file=C:\\x',
  '-destroy=true',
  '-refresh=maybe',
  '-parallelism=0',
  '-lock-timeout=1h30m',
  '-var==x',
  '-var=a\nb=c',
  '-target=a\u0000',
  '',
  '-',
  `-target=${'a'.repeat(1_000)}`,
])('refuses %j', (flag) => expect(isAllowedFlag(flag)).toBe(false));

it('lets nothing through that does not begin with an allowed name', () => {
  const names = ['-target=', '-replace=', '-var=', '-var-file=', '-refresh=', '-parallelism=', '-lock-timeout='];
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (flag) => {
      if (isAllowedFlag(flag)) {
        expect(names.some((name) => flag.startsWith(name)) || flag === '-destroy' || flag === '-refresh-only').toBe(
          true,
        );
      }
    }),
  );
});

it('keeps for the apply only what still means something there', () => {
  expect(applyFlags(['-target=a', '-parallelism=3', '-var=a=b', '-lock-timeout=9s'])).toEqual([
    '-parallelism=3',
    '-lock-timeout=9s',
  ]);
});
