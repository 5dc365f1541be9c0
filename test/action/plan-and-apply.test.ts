import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanFacts } from '../../src/domain/run.ts';
import type { Manifest } from '../../src/protocol/messages.ts';
import { manifestOf, only, openRunWorld, PLAN_ID, type RunWorld, rootModule, SEAL_KEY, targetOf } from './run-world.ts';
import { isOnPath } from './start-runner.ts';

const BODY = 'resource "terraform_data" "a" {\n  input = "x"\n}\n';
const withTerraform = describe.skipIf(!isOnPath('terraform'));

/** Plans `app` at a new head, and answers the manifest that applies it. */
async function planned(world: RunWorld, files: Readonly<Record<string, string>> = {}, target = targetOf({})) {
  const baseSha = world.origin.commit({
    'app/main.tf': rootModule(join(world.temp, 'state'), ''),
    'README.md': 'base',
  });
  const headSha = world.origin.commit({ 'app/main.tf': rootModule(join(world.temp, 'state'), BODY), ...files });
  const manifest = manifestOf({ headSha, baseSha, targets: [target] });
  const plan = await world.run(manifest);
  const outcome = only(plan.report);
  const { seal, ...rest } = target;
  const facts = outcome.facts;
  const apply: Manifest | null =
    facts === null
      ? null
      : {
          ...manifest,
          kind: 'apply',
          targets: [{ ...rest, plan: { planId: PLAN_ID, key: SEAL_KEY, aad: 'v1|plan', facts } }],
        };
  return { manifest, plan, outcome, apply: apply ?? manifest };
}

withTerraform('a run with a real terraform (skipped when terraform is not on PATH)', () => {
  it('plans, stores the sealed plan, applies exactly it, and reports the new serial', async () => {
    await using world = await openRunWorld();
    const { plan, outcome, apply } = await planned(world);
    expect(plan.code, plan.output).toBe(0);
    expect(outcome).toMatchObject({ state: 'planned', phase: 'done', planStored: true, code: null });
    expect(outcome.model).toMatchObject({ hasChanges: true, counts: { create: 1 } });
    expect(outcome.facts?.toolVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(world.service.plans.get(PLAN_ID)?.length).toBe((outcome.facts?.planBytes ?? 0) + 40);
    expect(world.service.plans.get(PLAN_ID)?.includes('tfplan')).toBe(false);

    const sealed = Buffer.from(world.service.plans.get(PLAN_ID) ?? '');
    const applied = await world.run(apply);
    expect(applied.code, applied.output).toBe(0);
    expect(only(applied.report)).toMatchObject({
      state: 'applied',
      code: null,
      serial: 1,
      resources: [{ address: 'terraform_data.a', action: 'create', outcome: 'done' }],
    });
    expect(world.service.begun).toEqual([0]);
    const state: unknown = JSON.parse(readFileSync(join(world.temp, 'state', 'terraform.tfstate'), 'utf8'));
    expect(state).toMatchObject({ lineage: only(applied.report).lineage, serial: 1 });

    const again = await world.run(apply);
    expect(only(again.report)).toMatchObject({ state: 'not-attempted', code: 'plan-not-fetched' });
    world.service.plans.set(PLAN_ID, sealed);
    const replayed = await world.run(apply);
    expect(only(replayed.report)).toMatchObject({ state: 'not-attempted', code: 'state-moved' });
    expect(world.service.begun).toEqual([0]);
  });

  it('applies several dirspaces of one run, although the first that begins uses up the plans of all', async () => {
    await using world = await openRunWorld();
    const dirs = ['a', 'b', 'c'];
    const state = (dir: string) => rootModule(join(world.temp, 'state', dir), BODY);
    const sha = world.origin.commit(Object.fromEntries(dirs.map((dir) => [`${dir}/main.tf`, state(dir)])));
    const targets = dirs.map((dir, index) =>
      targetOf({ index, dir, seal: { planId: `${PLAN_ID.slice(0, -1)}${index}`, key: SEAL_KEY, aad: dir } }),
    );
    const manifest = manifestOf({ headSha: sha, baseSha: sha, targets });
    const plan = await world.run(manifest);
    const { report } = await world.run({
      ...manifest,
      kind: 'apply',
      targets: targets.flatMap(({ seal, ...target }) => {
        const facts = plan.report.outcomes[target.index]?.facts;
        return seal === undefined || facts == null ? [] : [{ ...target, plan: { ...seal, facts } }];
      }),
    });
    expect(report.outcomes.map((outcome) => outcome.state)).toEqual(['applied', 'applied', 'applied']);
    expect(world.service.begun.toSorted()).toEqual([0, 1, 2]);
  });

  it('refuses to apply when one thing is not as it was planned, before anything has begun', async () => {
    await using world = await openRunWorld();
    const { apply } = await planned(world);
    const cases: readonly (readonly [Partial<PlanFacts>, string])[] = [
      [{ planSha256: '0'.repeat(64) }, 'plan-hash-changed'],
      [{ treeSha: '0'.repeat(40) }, 'tree-changed'],
      [{ tool: 'tofu' }, 'tool-changed'],
      [{ toolVersion: '0.0.1' }, 'tool-version-changed'],
      [{ toolSha256: '0'.repeat(64) }, 'tool-hash-changed'],
      [{ lockFileSha256: '0'.repeat(64) }, 'lock-file-changed'],
      [{ backendFingerprint: 'local:0' }, 'backend-changed'],
      [{ digest: '0'.repeat(64) }, 'plan-digest-changed'],
      [{ configDigest: 'beef' }, 'configuration-changed'],
      [{ lineage: 'l', serial: 7 }, 'state-moved'],
    ];
    const targets = cases.flatMap(([change], index) =>
      apply.targets.flatMap(({ plan, ...target }) =>
        plan === undefined
          ? []
          : [{ ...target, index, plan: { ...plan, facts: { ...plan.facts, ...change, flags: [] } } }],
      ),
    );
    const { report, code } = await world.run({ ...apply, targets });
    expect(report.outcomes.map((outcome) => [outcome.state, outcome.code])).toEqual(
      cases.map(([, expected]) => ['not-attempted', expected]),
    );
    expect(code).toBe(0);
    expect(world.service.begun).toEqual([]);
  });

  it('refuses a plan that was made in another workspace', async () => {
    await using world = await openRunWorld();
    const { apply } = await planned(world, {}, targetOf({ workspace: 'stage' }));
    const moved = { ...apply, targets: apply.targets.map((target) => ({ ...target, workspace: 'default' })) };
    expect(only((await world.run(moved)).report)).toMatchObject({ state: 'not-attempted', code: 'backend-changed' });
    expect(only((await world.run(apply)).report)).toMatchObject({ state: 'applied' });
    expect(existsSync(join(world.temp, 'state', 'workspaces', 'stage', 'terraform.tfstate'))).toBe(true);
  });

  it('refuses ciphertext that was altered or belongs to another record', async () => {
    await using world = await openRunWorld();
    const { apply } = await planned(world);
    const other = {
      ...apply,
      targets: apply.targets.map((t) => ({ ...t, ...(t.plan && { plan: { ...t.plan, aad: 'v1|other' } }) })),
    };
    expect(only((await world.run(other)).report)).toMatchObject({ state: 'not-attempted', code: 'plan-sealed' });
    const sealed = world.service.plans.get(PLAN_ID);
    sealed?.writeUInt8(255 - sealed.readUInt8(30), 30);
    expect(only((await world.run(apply)).report)).toMatchObject({ state: 'not-attempted', code: 'plan-sealed' });
  });

  it('applies nothing when the service does not let the apply begin', async () => {
    await using world = await openRunWorld();
    const { apply } = await planned(world);
    world.service.faults.set('POST /begun', [409]);
    expect(only((await world.run(apply)).report)).toMatchObject({ state: 'not-attempted', code: 'begin-refused' });
    expect(existsSync(join(world.temp, 'state', 'terraform.tfstate'))).toBe(false);
  });

  it('plans and applies in one step when the manifest says so, and stores nothing', async () => {
    await using world = await openRunWorld();
    const { apply, manifest } = await planned(world);
    world.service.plans.clear();
    const { report } = await world.run({ ...manifest, kind: 'apply', autoapprove: true, targets: apply.targets });
    expect(only(report)).toMatchObject({ state: 'applied', serial: 1, model: { counts: { create: 1 } } });
    expect(world.service.plans.size).toBe(0);
  });

  it('reports no changes and stores nothing for a root without any', async () => {
    await using world = await openRunWorld();
    const sha = world.origin.commit({ 'app/main.tf': rootModule(join(world.temp, 'state'), '') });
    const { report } = await world.run(manifestOf({ headSha: sha, baseSha: sha }));
    expect(only(report)).toMatchObject({ state: 'no-changes', planStored: false });
    expect(world.service.asked).not.toContain(`PUT /plans/${PLAN_ID}`);
  });

  it('tells what terraform says of a broken root, and plans the others', async () => {
    await using world = await openRunWorld();
    const broken = '\nresource "terraform_data" "b" {\n  input = var.nowhere\n}\n';
    const sha = world.origin.commit({ 'app/main.tf': `${BODY}${broken}`, 'ok/main.tf': BODY });
    const targets = [targetOf({}), targetOf({ index: 1, dir: 'ok' })];
    const { report, code } = await world.run(manifestOf({ headSha: sha, baseSha: sha, targets }));
    expect(code).toBe(0);
    expect(report.outcomes[0]).toMatchObject({
      state: 'plan-failed',
      phase: 'plan',
      text: '',
      diagnostics: [{ severity: 'error', summary: 'Reference to undeclared input variable', file: 'main.tf', line: 6 }],
    });
    expect(report.outcomes[1]).toMatchObject({ state: 'planned' });
  });

  it('tells what failed in an apply, resource by resource', async () => {
    await using world = await openRunWorld();
    const failing = `${BODY}\nresource "terraform_data" "b" {\n  depends_on = [terraform_data.a]\n  provisioner "local-exec" {\n    command = "exit 3"\n  }\n}\n`;
    const { apply } = await planned(world, { 'app/b.tf': failing.replace(BODY, '') });
    const { report, code } = await world.run(apply);
    expect(code).toBe(0);
    expect(only(report)).toMatchObject({
      state: 'apply-failed',
      serial: expect.any(Number),
      resources: [
        { address: 'terraform_data.a', outcome: 'done' },
        { address: 'terraform_data.b', outcome: 'failed' },
      ],
    });
  });

  it('keeps a sensitive value out of everything that is sent', async () => {
    await using world = await openRunWorld();
    const secret =
      'variable "s" {\n  sensitive = true\n}\nresource "terraform_data" "s" {\n  input = var.s\n}\nresource "terraform_data" "n" {\n  input = nonsensitive("pre-${var.s}-post")\n}\n';
    const sha = world.origin.commit({ 'app/main.tf': rootModule(join(world.temp, 'state'), secret) });
    const { report, output } = await world.run(manifestOf({ headSha: sha, baseSha: sha }), {
      TF_VAR_s: 'hunter2-hunter2',
      MY_PASSWORD: 'hunter2-hunter2',
    });
    expect(only(report)).toMatchObject({ state: 'planned' });
    expect(world.service.bodies.join('')).not.toContain('hunter2');
    expect(output).not.toContain('hunter2');
    expect(output).not.toContain('ghs_test');
  });

  it('lets terraform finish when the job is cancelled in an apply, and reports what happened', async () => {
    await using world = await openRunWorld();
    const slow = `resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "sleep 600"
  }
}
resource "terraform_data" "after" {
  input = terraform_data.slow.id
}
`;
    const { apply } = await planned(world, { 'app/slow.tf': slow });
    world.service.steps = [{ next: 'manifest', manifest: apply }];
    const runner = world.start();
    await runner.saw("Provisioning with 'local-exec'");
    runner.kill('SIGINT');
    runner.kill('SIGTERM');
    const { code, output } = await runner.ended;
    expect(code, output).toBe(0);
    const outcome = only(world.service.reports.at(-1));
    expect(outcome).toMatchObject({ state: 'apply-failed', code: 'cancelled' });
    expect(outcome.resources.map(({ address, outcome: how }) => [address, how]).toSorted()).toEqual([
      ['terraform_data.a', 'done'],
      ['terraform_data.after', 'not-attempted'],
      ['terraform_data.slow', 'failed'],
    ]);
    expect(outcome.serial).toBeGreaterThan(0);
  });
});
