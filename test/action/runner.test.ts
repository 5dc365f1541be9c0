import { expect, it } from 'vitest';
import { childEnv } from '../../action/src/child-env.ts';
import { openRunLog } from '../../action/src/run-log.ts';
import { runRunner } from '../../action/src/runner.ts';
import { secretMask } from '../../action/src/secret-mask.ts';
import { openServer } from '../../action/src/server.ts';
import { makeFakeEngine } from './fake-engine.ts';
import { manifestOf, only, openRunWorld } from './run-world.ts';
import { RUN } from './start-runner.ts';

it('waits for the second decision of an apply, and then asks again', async () => {
  await using world = await openRunWorld();
  world.service.steps = [
    { next: 'wait', retryAfterMs: 1 },
    { next: 'wait', retryAfterMs: 1 },
    { next: 'stop', code: 'refused', message: 'The approval was withdrawn.' },
  ];
  const { code, output } = await world.start().ended;
  expect(code, output).toBe(0);
  expect(output).toContain('Stopped: The approval was withdrawn.');
  expect(world.service.asked).toEqual(['GET /id-token', 'POST /claim', 'GET /manifest', 'GET /manifest']);
});

it('ends green when another run has claimed this one', async () => {
  await using world = await openRunWorld();
  world.service.faults.set('POST /claim', [409]);
  const { code, output } = await world.start().ended;
  expect(code, output).toBe(0);
  expect(world.service.reports).toEqual([]);
});

it.each([
  ['the claim is refused', 'POST /claim', 403],
  ['the report is refused', 'POST /report', 422],
])('ends red, with the reason, when %s', async (_name, call, status) => {
  await using world = await openRunWorld();
  const sha = world.origin.commit({ 'app/main.tf': '' });
  world.service.steps = [{ next: 'manifest', manifest: manifestOf({ headSha: sha, baseSha: sha, targets: [] }) }];
  world.service.faults.set(call, [status]);
  const { code, output } = await world.start().ended;
  expect(code).toBe(1);
  expect(output).toContain(`::error::Refused by the service (on-order): status ${status} on order`);
});

it('ends red without an id token, naming the permission', async () => {
  await using world = await openRunWorld();
  const { code, output } = await world.start({ ACTIONS_ID_TOKEN_REQUEST_URL: '' }).ended;
  expect(code).toBe(1);
  expect(output).toContain('id-token: write');
});

it('reports a conflict with the base, and ends green', async () => {
  await using world = await openRunWorld();
  const root = world.origin.commit({ 'app/main.tf': '1\n' });
  const headSha = world.origin.commit({ 'app/main.tf': '2\n' }, root);
  const baseSha = world.origin.commit({ 'app/main.tf': '3\n' }, root);
  const { report, code } = await world.run(manifestOf({ headSha, baseSha }));
  expect(report).toMatchObject({ treeSha: null, problem: { code: 'merge-conflict' }, outcomes: [] });
  expect(code).toBe(0);
});

it('sends names of directories and modules, and no line of code, when it is asked to discover', async () => {
  await using world = await openRunWorld();
  const sha = world.origin.commit({
    'app/main.tf': 'module "net" {\n  source = "../modules/net"\n  password = "hunter2-hunter2"\n}\n',
    'modules/net/main.tf': '# nothing\n',
  });
  world.service.steps = [
    { next: 'discover', headSha: sha, baseSha: sha, baseRef: 'main' },
    { next: 'manifest', manifest: manifestOf({ headSha: sha, baseSha: sha, targets: [] }) },
  ];
  const { code, output } = await world.start().ended;
  expect(code, output).toBe(0);
  const sent: unknown = JSON.parse(world.service.bodies[0] ?? '');
  expect(sent).toEqual({
    protocol: 1,
    run: RUN,
    treeSha: world.origin.git('rev-parse', 'HEAD^{tree}'),
    index: { paths: { app: { modules: ['../modules/net'] } }, symlinks: [] },
  });
  expect(world.service.bodies.join('')).not.toContain('hunter2');
});

it('stops the engine when a heartbeat is answered with cancel, and reports', async () => {
  await using world = await openRunWorld();
  const engine = makeFakeEngine(world.temp);
  const sha = world.origin.commit({ 'app/main.tf': '' });
  world.service.steps = [{ next: 'manifest', manifest: manifestOf({ headSha: sha, baseSha: sha }) }];
  const mask = secretMask({}, []);
  const write = (text: string) => {
    world.service.cancel ||= text.includes('planning now');
  };
  await runRunner({
    run: RUN,
    server: openServer({ url: world.service.url, run: RUN }),
    idToken: async () => 'id-token',
    repositoryUrl: world.origin.dir,
    token: '',
    tempDir: world.temp,
    env: childEnv({ PATH: engine.path, FAKE_PLAN: 'hang' }, { keepGithubToken: false, memoryBytes: 16 * 2 ** 30 }),
    pluginCacheDir: undefined,
    log: openRunLog(write, { inActions: false, mask: mask.mask }),
    mask,
    cancel: new AbortController(),
    heartbeatMs: 20,
  });
  expect(world.service.reports.map(only)).toMatchObject([{ state: 'not-attempted', code: 'cancelled' }]);
});

it('is told apart by protocol: a manifest of another version is not run', async () => {
  await using world = await openRunWorld();
  const sha = world.origin.commit({ 'app/main.tf': '' });
  const { report } = await world.run({ ...manifestOf({ headSha: sha, baseSha: sha }), protocol: 99 });
  expect(report.problem?.code).toBe('protocol');
});
