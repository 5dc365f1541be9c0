import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { BOB, comment, intents, planned, pullEvent, reasons, snapshotOf } from './build.ts';

const workflow = (plan: string, apply = '[{type: init}, {type: apply}]') =>
  `workflows:\n  - tag_query: "dir:prod"\n    plan: ${plan}\n    apply: ${apply}\n`;
const PLAN = '[{type: init}, {type: plan}]';
const NAME = 'Workflow 1 (`dir:prod`)';

const UNSUPPORTED: readonly (readonly [string, string])[] = [
  [workflow(PLAN, '[{type: oidc, role_arn: "arn"}, {type: init}, {type: apply}]'), 'step 1 of `apply`, `oidc`'],
  [workflow('[{type: init}, {type: plan, mode: fast-and-loose}]'), '`mode` of `plan`'],
  [workflow(PLAN, '[{type: init}, {type: apply, retry: {enabled: true}}]'), '`retry` of `apply`'],
  [workflow('[{type: plan}]'), `${NAME}: \`plan\` must have \`init\`, then \`plan\`, each once`],
  [workflow(PLAN, '[]'), `${NAME}: \`apply\` must have \`init\`, then \`apply\`, each once`],
  [workflow('[{type: plan}, {type: init}]'), '`plan` must have `init`, then `plan`'],
  [
    'hooks:\n  all:\n    pre: [{type: drift_create_issue}, {type: oidc, role_arn: a}]\n',
    '`hooks.all.pre`: step 2, `oidc`',
  ],
  ['storage:\n  plans: {method: s3, bucket: b, region: r}\n', '`storage.plans.method: s3`'],
  ['storage:\n  plans: {method: cmd, store: [a], fetch: [b]}\n', '`storage.plans.method: cmd`'],
  ['engine: {name: terraform, override_tf_cmd: wrapper}\n', '`engine.override_tf_cmd`'],
  [`plan_key: ${Buffer.alloc(32, 7).toString('base64')}\n`, '`plan_key`'],
  ['integrations: {resourcely: {enabled: true}}\n', '`integrations.resourcely`'],
];

describe('what the runner does not do', () => {
  it.each(UNSUPPORTED)('is refused by name and never left out in silence: %s', (config, said) => {
    const snapshot = snapshotOf({ config });
    const opened = decide(snapshot, pullEvent('opened'));
    expect(opened.reason).toBe('steps-unsupported');
    expect(intents(opened, 'start-run')).toEqual([]);
    const [{ notices } = { notices: [] }] = intents(opened, 'save-change');
    expect(notices.map((notice) => (notice.kind === 'reason' ? notice.text : ''))).toEqual([
      expect.stringContaining(said),
    ]);

    const asked = decide(snapshot, comment('plumbline plan'));
    expect(intents(asked, 'start-run')).toEqual([]);
    const [answer] = intents(asked, 'reply');
    expect(answer?.body).toContain('steps-unsupported');

    const applied = decide(planned({ config }), comment('plumbline apply', BOB));
    expect(intents(applied, 'start-run')).toEqual([]);
    expect(reasons(applied)).toContain('steps-unsupported');
  });

  it.each([
    ['steps as the runner does them', workflow(PLAN)],
    ['a workflow for other directories', workflow('[{type: oidc, role_arn: a}]').replace('dir:prod', 'dir:stage')],
    ['the drift step, which does nothing here', 'hooks:\n  plan:\n    post: [{type: drift_create_issue}]\n'],
    ['storage with this service', 'storage:\n  plans: {method: plumbline}\n'],
  ])('does not refuse %s', (_, config) => {
    expect(decide(snapshotOf({ config }), pullEvent('opened')).reason).toBe('plan-started');
  });

  it('says it once for all dirspaces that it is about', () => {
    const config = 'hooks:\n  all:\n    pre: [{type: oidc, role_arn: a}]\n';
    const changed = ['prod/main.tf', 'stage/main.tf'];
    const opened = decide(snapshotOf({ config, changed }), pullEvent('opened'));
    expect(intents(opened, 'save-change')[0]?.notices).toHaveLength(1);
  });
});
