import { afterEach, describe, expect, it } from 'vitest';
import { hasTerraform, openStage } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, type Stage, waitForRows } from './stage.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

const CONFIG = `
hooks:
  all:
    pre:
      - {type: env, name: FROM_HOOK, cmd: [echo, hooked]}
workflows:
  - tag_query: "dir:network"
    plan:
      - {type: env, name: GREETING, cmd: [bash, -c, 'echo "$FROM_HOOK in $TERRATEAM_DIR"']}
      - {type: init}
      - {type: plan}
      - {type: run, cmd: [echo, "said: \${GREETING}"], visible_on: always}
      - type: run
        cmd: [bash, -c, 'echo this is too expensive; exit 3']
        on_error: [{type: gate, token: money, name: cost, any_of: ["user:${REVIEWER}"]}]
    apply:
      - {type: init}
      - {type: apply}
      - {type: run, cmd: [echo, "applied \${PLUMBLINE_DIR}"], visible_on: always}
`;

describe.skipIf(!hasTerraform)('a workflow with steps of its own', () => {
  it('shows what they print, and a step that fails with a gate holds the apply until an allowed person approves', async () => {
    stage = await openStage({ config: CONFIG, roots: ['network'] });
    const { world, repository, rootModule } = stage;
    const pull = await world.openPullRequest(repository, {
      author: AUTHOR,
      files: { 'network/main.tf': rootModule('network', 'two') },
    });
    const plan = await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('terraform_data.this')),
      'the plan',
      60_000,
    );
    expect(plan).toContain('said: hooked in network');
    expect(plan).toContain('this is too expensive');
    expect(plan).toContain('gate cost');
    expect(plan).toContain('plumbline approve money');

    await world.review(repository, pull, REVIEWER, 'APPROVED');
    world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
    await decided(stage, 'gate-missing');
    const refusal = await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('gate-missing') || body.includes('A gate is not')),
      'the refusal',
      30_000,
    );
    expect(refusal).toContain('cost');
    expect(refusal).toContain('plumbline approve money');

    // The author is not named by the gate, and could not approve his own change either.
    world.comment(repository, pull.number, AUTHOR, 'plumbline approve money');
    await decided(stage, 'gate-denied');
    world.comment(repository, pull.number, REVIEWER, 'plumbline approve money');
    await decided(stage, 'gate-approved');
    world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
    const applied = await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('1 of 1 dirspace applied')),
      'the apply',
      60_000,
    );
    expect(applied).toContain('applied network');
    const gates = await waitForRows(stage, (db) => db.selectFrom('requested_gate').selectAll().execute(), 'gates');
    expect(gates).toMatchObject([{ dir: 'network', gate: { token: 'money', anyOfCount: 1 }, policy: null }]);
    expect(world.errors).toEqual([]);
  }, 120_000);
});
