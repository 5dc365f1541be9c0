import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ManifestTarget } from '../../src/protocol/messages.ts';
import { makeFakeEngine } from './fake-engine.ts';
import { manifestOf, only, openRunWorld, PLAN_ID, targetOf } from './run-world.ts';
import { TOKEN } from './start-runner.ts';

it("hands the engine an argument list and the environment of the job, without what is the runner's own", async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const flags = ['-var=a=$(id);`id`|& "x"', '-target=module.a["b;c"]'];
  const { report, code, output } = await world.run(manifestOf({ headSha: sha, baseSha: sha, flags }), {
    PATH: engine.path,
    FAKE_PLAN: 'none',
    ACTIONS_RUNTIME_TOKEN: 'runtime',
    INPUT_SECRET: 'input',
    GITHUB_ENV: '/dev/null',
    GITHUB_OUTPUT: '/dev/null',
    TF_WORKSPACE: 'elsewhere',
    TF_VAR_region: 'here',
    AWS_REGION: 'eu-west-1',
  });
  expect(code, output).toBe(0);
  expect(only(report)).toMatchObject({ state: 'no-changes' });
  const starts = engine.starts();
  expect(starts.map(({ args }) => args[0])).toEqual(['version', 'init', 'plan', 'show']);
  const plan = starts.find(({ args }) => args[0] === 'plan');
  expect(plan?.args.slice(-2)).toEqual(flags);
  for (const { env, stdinBytes } of starts) {
    expect(Object.keys(env).filter((name) => /^(ACTIONS_|INPUT_)|^GITHUB_(TOKEN|ENV|OUTPUT)$/.test(name))).toEqual([]);
    expect(JSON.stringify(env)).not.toContain(TOKEN);
    expect(stdinBytes).toBe(0);
    expect(env).toMatchObject({
      TF_IN_AUTOMATION: '1',
      TF_INPUT: '0',
      CHECKPOINT_DISABLE: '1',
      TF_VAR_region: 'here',
      AWS_REGION: 'eu-west-1',
    });
  }
  expect(plan?.env.TF_WORKSPACE).toBe('default');
  expect(plan?.env.TF_DATA_DIR?.startsWith(`${plan.cwd}/`)).toBe(false);
});

it('passes GITHUB_TOKEN on when the workflow maps it and the runner has its own by input', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  await world.run(manifestOf({ headSha: sha, baseSha: sha }), {
    PATH: engine.path,
    'INPUT_GITHUB-TOKEN': TOKEN,
    GITHUB_TOKEN: 'mapped-on-purpose',
  });
  expect(engine.starts().map(({ env }) => env.GITHUB_TOKEN)).toEqual([
    'mapped-on-purpose',
    'mapped-on-purpose',
    'mapped-on-purpose',
    'mapped-on-purpose',
  ]);
});

it('runs in directories with hostile names, and their names never become arguments', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const dirs = [';id', '$(id)', '`id`', '-chdir=..', 'a b', "it's", '::error::x', 'é'];
  const sha = world.origin.commit(Object.fromEntries(dirs.map((dir) => [`${dir}/main.tf`, ''])));
  const targets = dirs.map((dir, index) => targetOf({ index, dir }));
  const { report, output } = await world.run(manifestOf({ headSha: sha, baseSha: sha, targets }), {
    PATH: engine.path,
    GITHUB_ACTIONS: 'true',
  });
  expect(report.outcomes.map(({ state }) => state)).toEqual(dirs.map(() => 'no-changes'));
  const plans = engine.starts().filter(({ args }) => args[0] === 'plan');
  expect(plans.map(({ cwd }) => cwd.split('/').at(-1)).sort()).toEqual([...dirs].sort());
  expect(plans.every(({ args }) => args.every((arg) => arg.startsWith('-') || arg === 'plan'))).toBe(true);
  expect(new Set(plans.map(({ args }) => args.length)).size).toBe(1);
  expect(output).toMatch(/::stop-commands::[0-9a-f-]{36}\n::error::x: no-changes/);
});

const BAD_TARGETS: readonly (readonly [string, Partial<ManifestTarget>, string])[] = [
  ['a workspace that is an option', { workspace: '-chdir=/' }, 'bad-workspace'],
  ['a workspace that is a path', { workspace: '../prod' }, 'bad-workspace'],
  ['a workspace with a line break', { workspace: 'a\nb' }, 'bad-workspace'],
  ['a directory outside of the repository', { dir: '../..' }, 'bad-path'],
  ['an absolute directory', { dir: '/etc' }, 'bad-path'],
  ['a directory with a NUL', { dir: 'app\u0000' }, 'bad-path'],
  ['a directory with a line break', { dir: 'app\n' }, 'bad-path'],
  ["git's own directory", { dir: '.git' }, 'bad-path'],
  ['a link out of the repository', { dir: 'link' }, 'bad-path'],
  ['a directory that is not there', { dir: 'gone' }, 'directory-missing'],
  ['a file', { dir: 'app/main.tf' }, 'directory-missing'],
  ['another version than the one that is there', { version: '1.2.3' }, 'tool-version'],
  ['an engine that is not installed', { engine: 'tofu' }, 'tool-missing'],
];

it('starts no engine for names that lead elsewhere', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  world.origin.git('config', 'core.symlinks', 'true');
  symlinkSync(realpathSync(world.temp), `${world.origin.dir}/link`);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const targets = BAD_TARGETS.map(([, change], index) => targetOf({ ...change, index }));
  const { report } = await world.run(manifestOf({ headSha: sha, baseSha: sha, targets }), {
    PATH: engine.path,
  });
  const found = report.outcomes.map(({ state, code }, index) => [BAD_TARGETS[index]?.[0], state, code]);
  expect(found).toEqual(BAD_TARGETS.map(([name, , code]) => [name, 'plan-failed', code]));
  expect(engine.starts().filter(({ args }) => args[0] !== 'version')).toEqual([]);
});

it.each(['-chdir=/', '-var-file=link', '-target=a\nb'])('starts no plan with the argument %j', async (flag) => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  mkdirSync(`${world.origin.dir}/app`);
  symlinkSync('/etc/passwd', `${world.origin.dir}/app/link`);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const { report } = await world.run(manifestOf({ headSha: sha, baseSha: sha, flags: [flag] }), { PATH: engine.path });
  expect(only(report)).toMatchObject({ state: 'plan-failed', code: 'bad-flag' });
  expect(engine.starts().filter(({ args }) => args[0] !== 'version')).toEqual([]);
});

it('says so when a plan file is larger than what can be stored', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const { report } = await world.run(manifestOf({ headSha: sha, baseSha: sha }), {
    PATH: engine.path,
    FAKE_PLAN: 'big',
  });
  expect(only(report)).toMatchObject({ state: 'plan-failed', code: 'plan-too-large', planStored: false });
  expect(only(report).diagnostics[0]?.summary).toContain('33 MiB; at most 32 MiB');
  expect(world.service.asked).not.toContain(`PUT /plans/${PLAN_ID}`);
});

it('stops an engine that takes longer than a step may', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const { report } = await world.run(manifestOf({ headSha: sha, baseSha: sha, stepTimeoutMs: 1_000 }), {
    PATH: engine.path,
    FAKE_PLAN: 'hang',
  });
  expect(only(report)).toMatchObject({ state: 'plan-failed', code: 'timeout' });
});

it('gives the end of what an engine printed when there is no diagnostic in it, without secrets', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const { report } = await world.run(manifestOf({ headSha: sha, baseSha: sha }), {
    PATH: engine.path,
    FAKE_PLAN: 'exit-7',
    APP_PASSWORD: 'pass-word-1234',
  });
  expect(only(report)).toMatchObject({
    state: 'plan-failed',
    code: 'engine-failed',
    text: 'something odd, and ***\n\n',
  });
});

it('lets the engine finish on SIGTERM, once, and still reports', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  world.service.steps = [{ next: 'manifest', manifest: manifestOf({ headSha: sha, baseSha: sha }) }];
  const runner = world.start({ PATH: engine.path, FAKE_PLAN: 'hang' });
  await runner.saw('planning now');
  runner.kill('SIGTERM');
  runner.kill('SIGINT');
  const { code, output } = await runner.ended;
  expect(code, output).toBe(0);
  expect(world.service.reports[0]?.outcomes).toMatchObject([{ state: 'not-attempted', code: 'cancelled' }]);
  expect(output.match(/interrupted/g)).toHaveLength(1);
});
