import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest, ManifestTarget, ShownPlan } from '../../src/protocol/messages.ts';
import type { Outcome } from '../../src/protocol/report.ts';
import { manifestOf, only, openRunWorld, PLAN_ID, type RunWorld, rootModule, SEAL_KEY, targetOf } from './run-world.ts';
import { isOnPath } from './start-runner.ts';

type Files = Readonly<Record<string, string>>;

const resource = (name: string, body: string) => `resource "terraform_data" "${name}" {\n${body}\n}\n`;
const app = (world: RunWorld, body: string, state = 'state') => ({
  'app/main.tf': rootModule(join(world.temp, state), body),
});

/** What an honest run that plans these files of `app` says, and what is kept of it. */
interface Planned {
  readonly manifest: Manifest;
  readonly outcome: Outcome;
  readonly shown: ShownPlan;
  readonly sealed: Buffer;
}

async function plan(world: RunWorld, files: Files, env: Files = {}): Promise<Planned> {
  const headSha = world.origin.commit(files);
  const manifest = manifestOf({ headSha, baseSha: headSha });
  const { report, output } = await world.run(manifest, env);
  const shown = world.service.shown.get(PLAN_ID);
  const sealed = world.service.plans.get(PLAN_ID);
  expect(only(report), output).toMatchObject({ state: 'planned', code: null });
  if (shown === undefined || sealed === undefined) {
    throw new Error('nothing was kept of the plan');
  }
  return { manifest, outcome: only(report), shown, sealed: Buffer.from(sealed) };
}

interface Attempt {
  /** The plan file that was uploaded in place of the reviewed one, with every fact of it that an apply could not find again here. */
  readonly uploaded: Planned;
  /** What was shown, if not the reviewed plan. */
  readonly shown?: Partial<ShownPlan>;
  readonly gateSteps?: ManifestTarget['gateSteps'];
}

/** One apply run of `reviewed`, in which each dirspace has a plan file as a hostile job might have left it. */
async function applyAs(world: RunWorld, reviewed: Planned, attempts: readonly Attempt[], env: Files = {}) {
  const targets = attempts.map(({ uploaded, shown, gateSteps }, index): ManifestTarget => {
    const planId = `${PLAN_ID.slice(0, -1)}${index}`;
    const { facts } = reviewed.outcome;
    const evil = uploaded.outcome.facts;
    if (facts === null || evil === null) {
      throw new Error('there are no facts');
    }
    world.service.plans.set(planId, Buffer.from(uploaded.sealed));
    world.service.shown.set(planId, { ...reviewed.shown, ...shown });
    const { planSha256, planBytes, digest, lineage, serial } = evil;
    const claimed = { ...facts, planSha256, planBytes, digest, lineage, serial };
    const { seal: _, ...target } = targetOf({ index, ...(gateSteps === undefined ? {} : { gateSteps }) });
    return { ...target, plan: { planId, key: SEAL_KEY, aad: 'v1|plan', facts: claimed } };
  });
  return world.run({ ...reviewed.manifest, kind: 'apply', targets }, env);
}

const ends = (outcomes: readonly Outcome[]) => outcomes.map(({ state, phase, code }) => `${state} ${phase} ${code}`);
const saidOf = (outcome: Outcome | undefined) => outcome?.diagnostics[0]?.summary ?? '';

describe.skipIf(!isOnPath('terraform'))(
  'a job that plans one thing and shows another (skipped without terraform)',
  () => {
    it('has nothing applied, whatever it claims of the plan file, and people hear what differs', async () => {
      await using world = await openRunWorld();
      const body = (value: string, command: string, unknown: string) =>
        [
          resource('a', `  input = "${value}"\n  provisioner "local-exec" {\n    command = "${command}"\n  }`),
          resource('b', `  input = "${unknown}\${terraform_data.a.id}"`),
        ].join('');
      const reviewed = await plan(world, app(world, body('read', 'true', '')));
      const another = await plan(world, app(world, body('everything', 'true', '')));
      const provisioner = await plan(world, app(world, body('read', 'touch pwned', '')));
      const unknown = await plan(world, app(world, body('read', 'true', 'open-')));
      const elsewhere = await plan(world, app(world, body('read', 'true', ''), 'attackers'));
      for (const hidden of [provisioner, unknown, elsewhere]) {
        expect(hidden.shown.model, 'people could not tell them apart').toEqual(reviewed.shown.model);
      }
      const { report, output } = await applyAs(world, reviewed, [
        { uploaded: another },
        { uploaded: provisioner },
        { uploaded: unknown },
        { uploaded: elsewhere },
        { uploaded: reviewed, shown: { model: null } },
      ]);
      expect(ends(report.outcomes), output).toEqual([
        'not-attempted verify plan-not-as-shown',
        'not-attempted verify plan-code-changed',
        'not-attempted verify plan-code-changed',
        'not-attempted verify plan-backend-changed',
        'not-attempted verify plan-not-as-shown',
      ]);
      expect(saidOf(report.outcomes[0])).toContain(
        'terraform_data.a › attributes › input › after › value: not as shown',
      );
      expect(saidOf(report.outcomes[0])).toContain('Plan again');
      expect(saidOf(report.outcomes[1])).toContain('What differs: main.tf.');
      expect(output).not.toContain('everything');
      expect(world.service.begun).toEqual([]);
      expect(existsSync(join(world.temp, 'state', 'terraform.tfstate'))).toBe(false);
      expect(existsSync(join(world.temp, 'attackers', 'terraform.tfstate'))).toBe(false);
      // What was shown is applied, once it can be told what that was.
      world.service.faults.set(`GET /plans/${PLAN_ID.slice(0, -1)}0/shown`, [404]);
      const last = await applyAs(world, reviewed, [{ uploaded: reviewed }, { uploaded: reviewed }]);
      expect(ends(last.report.outcomes)).toEqual(['not-attempted verify plan-not-fetched', 'applied done null']);
    });

    it('is not what refuses an honest plan: secrets that only its job could mask, code in all its forms', async () => {
      await using world = await openRunWorld();
      const calls = ['./m', '../shared/m', './m']
        .map((from, at) => `module "m${at}" {\n  source = "${from}"\n}\n`)
        .join('');
      const secrets = { MY_PASSWORD: 'of-the-vault', OTHER_TOKEN: 'terraform_data' };
      const files = {
        ...app(world, `${resource('hunter2', '  input = "id-of-the-vault ${var.x}"')}${calls}`),
        'app/m/main.tf': resource('m', '  input = "m"'),
        'shared/m/main.tf': resource('m', '  input = "shared"'),
        'app/v.tf.json': '{"variable":{"x":{"default":2}}}',
        'app/override.tf': '',
        'app/.hidden.tf': 'not code',
        'app/old.tf~': 'not code',
        'app/x.tofu': 'of another engine',
        'app/x.tftest.hcl': '',
        'app/a.auto.tfvars': 'x = 3\n',
        'app/notes.txt': '',
      };
      const planned = await plan(world, files, secrets);
      const shown = JSON.stringify(planned.shown.model);
      expect(shown).toContain('"address":"***.hunter2"');
      expect(shown).toContain('"value":"id-*** 3"');
      expect(shown, 'words of the engine stay').toContain('"type":"terraform_data"');
      const { report, output } = await applyAs(world, planned, [{ uploaded: planned }]);
      expect(only(report), output).toMatchObject({ state: 'applied' });
    });
  },
);

type Step = NonNullable<ManifestTarget['gateSteps']>[number];
const GATE = { token: 'policy', allOf: [], anyOf: [{ kind: 'team', slug: 'security' }], anyOfCount: 1 } as const;
const REPORTED = { ...GATE, policy: 'conftest' };
const policy = { extraArgs: [], env: {}, ignoreErrors: false, runOn: 'success', visibleOn: 'failure' } as const;
const conftest: Step = { type: 'conftest', ...policy, gate: GATE };
const level: Step = {
  type: 'env',
  method: 'exec',
  name: 'LEVEL',
  cmd: ['echo', 'high'],
  trimTrailingNewlines: true,
  sensitive: false,
};
const meddles: Step = {
  type: 'run',
  cmd: ['sh', '-c', 'test "$LEVEL" = high && test -s "$PLUMBLINE_PLAN_FILE" && echo evil > "$PLUMBLINE_PLAN_FILE"'],
  captureOutput: true,
  env: {},
  runOn: 'success',
  ignoreErrors: false,
  visibleOn: 'always',
  format: { kind: 'code' },
  onError: [{ type: 'gate', gate: GATE }],
};

describe.skipIf(!isOnPath('terraform'))(
  'steps of a plan that are done again before its apply (skipped without terraform)',
  () => {
    it('stop it for gates that its job left out and for failures that no gate lets pass, and else change nothing', async () => {
      await using world = await openRunWorld();
      const script = `#!/bin/sh
echo "BEFORE=$PLUMBLINE_BEFORE_APPLY"
for a; do grep -q public "$a" 2>/dev/null && echo "denied: public" && exit 1; done
exit 0
`;
      writeFileSync(join(world.temp, 'conftest'), script, { mode: 0o755 });
      const env = { PATH: `${world.temp}:${process.env.PATH}` };
      const planned = await plan(world, app(world, resource('a', '  input = "public"')));
      const easier = { ...REPORTED, anyOf: [{ kind: 'anyone' } as const] };
      const attempt = (gateSteps: readonly Step[], gates: ShownPlan['gates'] = []) => ({
        uploaded: planned,
        shown: { gates },
        gateSteps,
      });
      const { report, output } = await applyAs(
        world,
        planned,
        [
          attempt([conftest]),
          attempt([conftest], [easier]),
          attempt([{ type: 'conftest', ...policy }], [REPORTED]),
          attempt([{ ...conftest, type: 'checkov' }], [REPORTED]),
        ],
        env,
      );
      expect(ends(report.outcomes), output).toEqual([
        'not-attempted verify gate-not-asked',
        'not-attempted verify gate-not-asked',
        'not-attempted verify gate-step-failed',
        'not-attempted verify gate-step-failed',
      ]);
      expect(saidOf(report.outcomes[0])).toContain('policy. Plan again');
      expect(report.outcomes[2]?.diagnostics[0]?.detail).toContain('BEFORE=true\ndenied: public');
      expect(saidOf(report.outcomes[3])).toContain('checkov is not on PATH');
      expect(world.service.begun).toEqual([]);
      // Reported, so it was approved before this apply had its manifest. What the steps do to the plan file does not matter.
      const last = await applyAs(world, planned, [attempt([level, conftest, meddles], [REPORTED])], env);
      expect(only(last.report), last.output).toMatchObject({ state: 'applied', steps: [] });
    });
  },
);
