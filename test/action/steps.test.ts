import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { fillIn } from '../../action/src/fill-in.ts';
import type { RunHooks, RunnerStep } from '../../src/domain/runner-step.ts';
import type { Argv, RunOn } from '../../src/domain/workflow-step.ts';
import { readGates } from '../../src/protocol/gate-text.ts';
import { makeFakeEngine } from './fake-engine.ts';
import { manifestOf, only, openRunWorld, PLAN_ID, type RunWorld, targetOf } from './run-world.ts';

const INIT: RunnerStep = { type: 'init', extraArgs: [], env: {} };
const PLAN: RunnerStep = { type: 'plan', extraArgs: [], env: {}, mode: 'strict' };
type Run = Extract<RunnerStep, { type: 'run' }>;

const runs = (cmd: Argv, more: Partial<Run> = {}): Run => ({
  type: 'run',
  cmd,
  captureOutput: true,
  env: {},
  runOn: 'success',
  ignoreErrors: false,
  visibleOn: 'always',
  format: { kind: 'code' },
  onError: [],
  ...more,
});
const sh = (script: string, more: Partial<Run> = {}): Run => runs(['sh', '-c', script], more);
const sets = (name: string, script: string, sensitive = false): Extract<RunnerStep, { type: 'env' }> => ({
  type: 'env',
  method: 'exec',
  name,
  cmd: ['sh', '-c', script],
  trimTrailingNewlines: true,
  sensitive,
});
const GATE = { token: 'money', allOf: [], anyOf: [{ kind: 'user', login: 'grace' }], anyOfCount: 1 } as const;

/** Plans `app` with these steps on an engine that finds changes. */
async function planWith(
  world: RunWorld,
  steps: readonly RunnerStep[],
  more: {
    readonly hooks?: RunHooks;
    readonly env?: Readonly<Record<string, string>>;
    readonly timeoutMs?: number;
  } = {},
) {
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const manifest = manifestOf({
    headSha: sha,
    baseSha: sha,
    targets: [targetOf({ steps, variables: { region: 'eu', PATH: '/nowhere' }, stack: 'blue' })],
    ...(more.hooks === undefined ? {} : { hooks: more.hooks }),
    ...(more.timeoutMs === undefined ? {} : { stepTimeoutMs: more.timeoutMs }),
  });
  const done = await world.run(manifest, { PATH: engine.path, FAKE_PLAN: 'changes', ...more.env });
  return { ...done, starts: engine.starts() };
}

it('carries out steps in order, with the environment that those before them set', async () => {
  await using world = await openRunWorld();
  const source = join(world.temp, 'source.sh');
  writeFileSync(source, 'export FROM_SCRIPT="$1 and $A"\necho noise\n');
  const { report, starts, output } = await planWith(world, [
    sets('A', 'echo "in $TERRATEAM_DIR $TERRATEAM_WORKSPACE $PLUMBLINE_STACK $region"'),
    { type: 'env', method: 'source', cmd: [source, 'arg'], sensitive: false },
    { type: 'init', extraArgs: ['-backend-config=x=${A}'], env: { B: '${A}!' } },
    { type: 'plan', extraArgs: ['-lock=false'], env: {}, mode: 'strict' },
    runs(['echo', '${A}', '$$A', '$A', '${FROM_SCRIPT}'], { env: { A: '${A}${A}' } }),
  ]);
  expect(only(report), output).toMatchObject({ state: 'planned', planStored: true });
  expect(only(report).steps?.map(({ name, success }) => [name, success])).toEqual([
    ['env A', true],
    [`env source ${source}`.slice(0, 120), true],
    ['run echo ${A} $$A $A ${FROM_SCRIPT}', true],
  ]);
  const said = 'in app default blue eu';
  expect(only(report).steps?.[2]?.text).toBe(`${said}${said} $A $A arg and ${said}`);
  const init = starts.find(({ args }) => args[0] === 'init');
  expect(init?.args).toEqual(['init', '-input=false', '-no-color', `-backend-config=x=${said}`]);
  expect(init?.env).toMatchObject({ B: `${said}!`, A: said });
  const plan = starts.find(({ args }) => args[0] === 'plan');
  expect(plan?.args.slice(0, 2)).toEqual(['plan', '-lock=false']);
  expect(plan?.env.B).toBeUndefined();
  expect(plan?.env.TF_WORKSPACE).toBe('default');
});

it('never stores a plan when a step after it failed, and runs what waits for failures', async () => {
  await using world = await openRunWorld();
  const { report } = await planWith(world, [
    INIT,
    PLAN,
    sh('echo well; exit 4'),
    sh('echo never'),
    sh('echo mopping', { runOn: 'failure' }),
    sh('echo anyway', { runOn: 'always' }),
  ]);
  expect(only(report)).toMatchObject({ state: 'plan-failed', phase: 'step', code: 'step-failed', planStored: false });
  expect(only(report).model).not.toBeNull();
  expect(only(report).diagnostics[0]?.summary).toContain('It ended with code 4.');
  expect(only(report).steps?.map(({ text }) => text)).toEqual(['well\nIt ended with code 4.', 'mopping', 'anyway']);
  expect(world.service.asked).not.toContain(`PUT /plans/${PLAN_ID}`);
});

it('lets the engine fail and what waits for that run', async () => {
  await using world = await openRunWorld();
  const { report } = await planWith(world, [INIT, PLAN, sh('echo no'), sh('echo yes', { runOn: 'failure' })], {
    env: { FAKE_PLAN: 'exit-7' },
  });
  expect(only(report)).toMatchObject({ state: 'plan-failed', phase: 'plan', code: 'engine-failed' });
  expect(only(report).steps?.map(({ text }) => text)).toEqual(['yes']);
});

const VISIBLE: readonly (readonly [string, RunOn, number, boolean])[] = [
  ['always, well', 'always', 0, true],
  ['on success, well', 'success', 0, true],
  ['on failure, well', 'failure', 0, false],
  ['on success, failed', 'success', 1, false],
  ['on failure, failed', 'failure', 1, true],
];
it('shows what a step printed when it is to be shown', async () => {
  await using world = await openRunWorld();
  const { report } = await planWith(world, [
    INIT,
    PLAN,
    ...VISIBLE.map(([, visibleOn, code]) => sh(`echo out; exit ${code}`, { visibleOn, ignoreErrors: true })),
  ]);
  expect(only(report).state).toBe('planned');
  expect(only(report).steps?.map(({ visible, ignored }) => [visible, ignored])).toEqual(
    VISIBLE.map(([, , code, visible]) => [visible, code === 1]),
  );
});

it('makes gates of failures that have one, and of what a command prints', async () => {
  await using world = await openRunWorld();
  const printed = JSON.stringify({ gates: [{ name: 'dba', all_of: ['team:DBA'], any_of_count: 2 }] });
  const { report } = await planWith(world, [
    INIT,
    PLAN,
    sh('exit 1', { onError: [{ type: 'gate', gate: GATE }] }),
    sh('exit 0', { onError: [{ type: 'gate', gate: { ...GATE, token: 'not-asked' } }] }),
    { type: 'gates', cmd: ['echo', printed], env: {}, runOn: 'success' },
  ]);
  expect(only(report)).toMatchObject({ state: 'planned', planStored: true });
  expect(only(report).gates).toEqual([
    GATE,
    { name: 'dba', allOf: [{ kind: 'team', slug: 'dba' }], anyOf: [], anyOfCount: 2 },
  ]);
});

it.each<readonly [string, RunnerStep, string]>([
  ['a variable that is not set', runs(['echo', '${NOT_SET}']), 'The variable NOT_SET is not set'],
  [
    'a missing variable, whatever the gate',
    runs(['echo', '${X}'], { onError: [{ type: 'gate', gate: GATE }] }),
    'X is',
  ],
  ['a program that is not there', runs(['no-such-program']), 'no-such-program could not be started'],
  ['gates that cannot be read', { type: 'gates', cmd: ['echo', 'none'], env: {}, runOn: 'success' }, '"gates"'],
  [
    'a policy without its program',
    {
      type: 'conftest',
      extraArgs: [],
      env: {},
      gate: GATE,
      ignoreErrors: false,
      runOn: 'success',
      visibleOn: 'failure',
    },
    'conftest is not on PATH',
  ],
])('fails on %s', async (_, step, said) => {
  await using world = await openRunWorld();
  const { report } = await planWith(world, [INIT, PLAN, step]);
  expect(only(report)).toMatchObject({ state: 'plan-failed', code: 'step-failed', planStored: false });
  expect(only(report).steps?.[0]?.text).toContain(said);
  expect(only(report).gates).toEqual([]);
});

it('stops a step that takes too long', async () => {
  await using world = await openRunWorld();
  const { report } = await planWith(world, [INIT, runs(['sleep', '60'])], { timeoutMs: 1_500 });
  expect(only(report)).toMatchObject({ state: 'plan-failed', code: 'step-failed' });
  expect(only(report).steps?.[0]?.text).toContain('longer than the time limit');
});

it('gives a policy program the plan as JSON, and its failure becomes its gate', async () => {
  await using world = await openRunWorld();
  const bin = join(world.temp, 'policies');
  mkdirSync(bin, { recursive: true });
  const journal = join(world.temp, 'policy.txt');
  for (const name of ['conftest', 'checkov', 'opa']) {
    const script = `#!/bin/sh\necho "${name} $*" >> ${journal}\nfor a; do [ -f "$a" ] && cat "$a" >> ${journal}; done\necho denied\nexit 1\n`;
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
  const engine = makeFakeEngine(world.temp);
  const policy = { extraArgs: [], env: {}, ignoreErrors: false, runOn: 'success', visibleOn: 'failure' } as const;
  const { report } = await planWith(
    world,
    [
      INIT,
      PLAN,
      { type: 'conftest', ...policy, extraArgs: ['-p', '${TERRATEAM_ROOT}'], gate: GATE },
      { type: 'checkov', ...policy, ignoreErrors: true },
      { type: 'opa', ...policy, failOn: 'defined', extraArgs: ['data.x'] },
    ],
    { env: { PATH: [bin, engine.path].join(delimiter) } },
  );
  expect(only(report)).toMatchObject({ state: 'plan-failed', code: 'step-failed' });
  expect(only(report).steps?.map(({ name, ignored, text }) => [name, ignored, text])).toEqual([
    ['conftest', true, 'denied\nIt ended with code 1.'],
    ['checkov', true, 'denied\nIt ended with code 1.'],
    ['opa', false, 'denied\nIt ended with code 1.'],
  ]);
  expect(only(report).gates).toEqual([{ ...GATE, policy: 'conftest' }]);
  const asked = readFileSync(journal, 'utf8');
  expect(asked).toMatch(/^conftest test --ignore \.git \S+plan\.json -p \/\S+$/m);
  expect(asked).toMatch(/^checkov --quiet --compact -f \S+plan\.json$/m);
  expect(asked).toMatch(/^opa eval --fail-defined --format json --ignore \.git -i \S+plan\.json data\.x$/m);
  expect(asked).toContain('"resource_changes":[]');
});

it('shows no value that a step says is sensitive', async () => {
  await using world = await openRunWorld();
  const { report, output } = await planWith(world, [
    sets('PASS', 'echo s3cr', true),
    INIT,
    PLAN,
    sh('echo "::add-mask::tiny-one"; echo $PASS tiny-one; echo $PASS >&2; exit 1', { ignoreErrors: true }),
  ]);
  expect(only(report).steps?.[1]?.text).toBe('::add-mask::***\n*** ***\n***\nIt ended with code 1.');
  expect(output).not.toContain('s3cr');
  expect(world.service.bodies.join()).not.toContain('s3cr');
});

it('keeps the end of a long output', async () => {
  await using world = await openRunWorld();
  const { report } = await planWith(world, [INIT, PLAN, sh('yes 0123456789 | head -n 200000; echo the end')]);
  const text = only(report).steps?.[0]?.text ?? '';
  expect(text.length).toBe(64 * 1024);
  expect(text.endsWith('the end')).toBe(true);
});

it('runs hooks once around all dirspaces; what they set holds in each', async () => {
  await using world = await openRunWorld();
  const journal = join(world.temp, 'hooks.txt');
  const { report } = await planWith(world, [INIT, PLAN, sh('echo "step $HOOKED" >> $JOURNAL; exit 1')], {
    env: { JOURNAL: journal },
    hooks: {
      pre: [sets('HOOKED', 'echo "yes"'), sh('echo "pre $(basename $PWD)" >> $JOURNAL')],
      post: [
        sh('echo "post" >> $JOURNAL'),
        sh('echo "post failure" >> $JOURNAL; cat $TERRATEAM_RESULTS_FILE', { runOn: 'failure' }),
      ],
    },
  });
  expect(readFileSync(journal, 'utf8')).toMatch(/^pre checkout-\S+\nstep yes\npost failure\n$/);
  const steps = only(report).steps ?? [];
  expect(steps.map(({ name }) => name.split(' ')[0])).toEqual(['pre', 'run', 'post']);
  expect(steps[2]?.text).toContain('"success":false');
});

it('does nothing to any dirspace when a pre hook fails, and says why', async () => {
  await using world = await openRunWorld();
  const { report, starts } = await planWith(world, [INIT, PLAN], {
    hooks: { pre: [sh('echo no login; exit 1')], post: [sh('echo never')] },
  });
  expect(report.problem).toMatchObject({ code: 'hook-failed' });
  expect(report.problem?.message).toContain('no login');
  expect(only(report)).toMatchObject({ state: 'plan-failed', phase: 'hook', code: 'hook-failed' });
  expect(starts.filter(({ args }) => args[0] !== 'version')).toEqual([]);
});

it.each([
  ['a', 'a'],
  ['${A}', 'one'],
  ['$$', '$'],
  ['$${A}', '${A}'],
  ['$A $(b) ${A:-x} $', '$A $(b) ${A:-x} $'],
  ['${B}', '${A}'],
])('fills %j in once: %j', (text, filled) => {
  expect(fillIn(text, { A: 'one', B: '${A}' })).toBe(filled);
});

it.each<readonly [unknown, boolean]>([
  [{ gates: [] }, true],
  [{ gates: [{ any_of: ['*', 'user:x', 'team:y', 'role:admin', 'repo:write', 'codeowners'] }] }, true],
  [{ gates: [{ any_of: ['role:owner'] }] }, false],
  [{ gates: [{ any_of: ['grace'] }] }, false],
  [{ gates: [{ token: '' }] }, false],
  [{ gates: Array(51).fill({}) }, false],
  [{}, false],
  [null, false],
])('reads gates that are whole and no others: %j', (value, ok) => {
  expect(readGates(value).ok).toBe(ok);
});

it('applies nothing when a step asks for approvals that nobody could give any more', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const late: RunnerStep = { type: 'gates', cmd: ['echo', '{"gates":[{"token":"t"}]}'], env: {}, runOn: 'success' };
  const apply: RunnerStep = {
    type: 'apply',
    extraArgs: [],
    env: {},
    retry: { enabled: false, tries: 1, initialSleepSeconds: 0, backoff: 1 },
  };
  const target = targetOf({ steps: [INIT, PLAN, late, apply, sh('echo told', { runOn: 'failure' })] });
  const manifest = manifestOf({ headSha: sha, baseSha: sha, kind: 'apply', autoapprove: true, targets: [target] });
  const { report } = await world.run(manifest, { PATH: engine.path, FAKE_PLAN: 'changes' });
  expect(only(report)).toMatchObject({ state: 'not-attempted', phase: 'step', code: 'step-failed' });
  expect(only(report).steps?.map(({ text }) => text)).toEqual([expect.stringContaining('Ask for them'), 'told']);
  expect(engine.starts().filter(({ args }) => args[0] === 'apply')).toEqual([]);
});
