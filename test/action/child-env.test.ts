import { expect, it } from 'vitest';
import { childEnv } from '../../action/src/child-env.ts';

const GIB = 2 ** 30;

it.each([
  ['an eighth of a large machine', {}, 32 * GIB, { GOGC: '200', GOMEMLIMIT: '4096MiB' }],
  ['a gibibyte at least, on a small one', {}, 2 * GIB, { GOGC: '200', GOMEMLIMIT: '1024MiB' }],
  ['nothing, where the job sets the rate', { GOGC: '50' }, 32 * GIB, { GOGC: '50' }],
  ['nothing, where the job sets the limit', { GOMEMLIMIT: '3GiB' }, 32 * GIB, { GOMEMLIMIT: '3GiB' }],
])('lets engines collect garbage half as often up to %s', (_name, env, memoryBytes, expected) => {
  const child = childEnv(env, { keepGithubToken: false, memoryBytes });
  const { GOGC, GOMEMLIMIT } = child;
  expect({ ...(GOGC === undefined ? {} : { GOGC }), ...(GOMEMLIMIT === undefined ? {} : { GOMEMLIMIT }) }).toEqual(
    expected,
  );
});
