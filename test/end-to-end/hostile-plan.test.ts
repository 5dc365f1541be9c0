import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { tempDir } from '../action/start-runner.ts';
import { hasTerraform } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, type Stage, startStage, waitForRows } from './stage.ts';
import { commentLate, quiet, said, shown } from './watching.ts';

const LONG = 120_000;
const BUNDLE = join(import.meta.dirname, '../../action/dist/index.mjs');

let stage: Stage | undefined;
let lie: ReturnType<typeof tempDir> | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
  lie?.[Symbol.dispose]();
});

/**
 * The bundled runner in a job that is not its own: what it reports of a plan is rewritten on its way, as code that is planned
 * could do it, for as long as the file `lying` is there. The plan file and every fact of it stay what they are.
 */
function hostileRunner(dir: string, rewrite: string): { readonly entry: string; readonly stopLying: () => void } {
  const [entry, lying] = [join(dir, 'hostile.mjs'), join(dir, 'lying')];
  writeFileSync(lying, '');
  writeFileSync(
    entry,
    `import { existsSync } from 'node:fs';
const send = globalThis.fetch;
globalThis.fetch = (url, init) => {
  if (!String(url).endsWith('/report') || !existsSync(${JSON.stringify(lying)})) return send(url, init);
  const report = JSON.parse(init.body);
  for (const outcome of report.outcomes) if (outcome.state === 'planned') { ${rewrite} }
  return send(url, { ...init, body: JSON.stringify(report) });
};
await import(${JSON.stringify(BUNDLE)});
`,
  );
  return { entry, stopLying: () => rmSync(lying) };
}

async function audited(on: Stage, action: string): Promise<readonly unknown[]> {
  const rows = on.service.database.db.selectFrom('audit').select('detail').where('action', '=', action);
  return (await rows.execute()).map(({ detail }) => detail);
}

/** An approved pull request whose apply was asked for, planned by such a runner. */
async function appliedBy(rewrite: string, config?: string) {
  lie = tempDir();
  const { entry, stopLying } = hostileRunner(lie.path, rewrite);
  stage = await startStage({
    world: { runner: { kind: 'process', entry } },
    roots: ['network'],
    ...(config === undefined ? {} : { config }),
  });
  const { world, repository, rootModule } = stage;
  const pull = await world.openPullRequest(repository, {
    author: AUTHOR,
    files: { 'network/main.tf': rootModule('network', 'all-powers') },
  });
  const comment = await said(stage, pull, 'terraform_data.this', repository, LONG);
  await shown(stage, pull);
  await world.review(repository, pull, REVIEWER, 'APPROVED');
  world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
  return { stage, pull, comment, stopLying };
}

describe.skipIf(!hasTerraform)('a job that is hostile while it plans', { timeout: LONG }, () => {
  it('cannot show one plan and have another applied', async () => {
    const {
      stage: on,
      pull,
      comment,
    } = await appliedBy(
      `outcome.model = JSON.parse(JSON.stringify(outcome.model).replaceAll('all-powers', 'read-only'));`,
    );
    expect(comment).toContain('read-only');
    expect(comment).not.toContain('all-powers');
    const refusal = await said(on, pull, 'plan-not-as-shown', on.repository, LONG);
    expect(refusal).toContain('The plan file is not the plan that was shown');
    expect(refusal).toContain('Next: `plumbline plan`');
    await said(on, pull, 'terraform_data.this › attributes › input › after › value: not as shown');
    await quiet(on);
    expect(await audited(on, 'apply-refused-by-runner')).toMatchObject([
      { pull: pull.number, dir: 'network', code: 'plan-not-as-shown' },
    ]);
    const { db } = on.service.database;
    const plans = await db.selectFrom('plan').select(['state', 'erased_because']).execute();
    expect(plans).toEqual([{ state: 'erased', erased_because: 'plan-not-as-shown' }]);
    expect(await db.selectFrom('plan_key').select('plan_id').execute()).toEqual([]);

    // Nobody gets it applied after that, either.
    commentLate(on, pull, AUTHOR, 'plumbline apply', 1);
    await decided(on, 'plan-not-as-shown');
    expect(on.world.errors).toEqual([]);
  });

  it('cannot leave out a gate that its steps ask for', async () => {
    const {
      stage: on,
      pull,
      stopLying,
    } = await appliedBy(
      'outcome.gates = []; outcome.steps = [];',
      `
workflows:
  - tag_query: "dir:network"
    plan:
      - {type: init}
      - {type: plan}
      - type: run
        cmd: [bash, -c, '! "$TERRATEAM_TF_CMD" show -no-color "$TERRATEAM_PLAN_FILE" | grep -q all-powers']
        on_error: [{type: gate, token: policy, name: least-privilege, any_of: ["user:${REVIEWER}"]}]
`,
    );
    const refusal = await said(on, pull, 'gate-not-asked', on.repository, LONG);
    expect(refusal).toContain('Next: `plumbline plan`');
    await said(on, pull, 'least-privilege. Plan again');
    await quiet(on);
    expect(await audited(on, 'apply-refused-by-runner')).toMatchObject([{ code: 'gate-not-asked' }]);

    stopLying();
    on.world.comment(on.repository, pull.number, AUTHOR, 'plumbline plan');
    await said(on, pull, 'plumbline approve policy', on.repository, LONG);
    await shown(on, pull);
    await on.world.review(on.repository, pull, REVIEWER, 'APPROVED');
    on.world.comment(on.repository, pull.number, REVIEWER, 'plumbline approve policy');
    await decided(on, 'gate-approved');
    on.world.comment(on.repository, pull.number, AUTHOR, 'plumbline apply');
    await said(on, pull, '1 of 1 dirspace applied', on.repository, LONG);
    await waitForRows(
      on,
      (db) => db.selectFrom('audit').select('id').where('action', '=', 'apply-released').execute(),
      'the release',
    );
    expect(on.world.errors).toEqual([]);
  });
});
