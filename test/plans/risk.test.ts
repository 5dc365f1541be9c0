import { describe, expect, it } from 'vitest';
import type { AttributeChange, PlanModel } from '../../src/domain/plan-model.ts';
import { levelOf, riskOf } from '../../src/plans/risk.ts';
import { planOf, resource } from './plan-fixtures.ts';

const to = (path: readonly (string | number)[], value: string | boolean): AttributeChange => ({
  path,
  after: { kind: 'value', value },
});
const update = (type: string, ...attributes: readonly AttributeChange[]) =>
  planOf([resource({ address: `${type}.x`, type, action: 'update', attributes })]);

/** Plans that a person has called dangerous, and by which rule each must be found. */
const DANGEROUS: readonly (readonly [string, PlanModel, string])[] = [
  [
    'a database goes',
    planOf([resource({ address: 'aws_db_instance.x', type: 'aws_db_instance', action: 'delete' })]),
    'stateful-delete',
  ],
  [
    'a bucket is replaced',
    planOf([resource({ address: 'b.x', type: 'google_storage_bucket', action: 'replace' })]),
    'stateful-replace',
  ],
  ['all actions', update('aws_iam_policy', to(['policy', 'Statement', 0, 'Action', 1], '*')), 'iam-admin'],
  ['an owner', update('google_project_iam_member', to(['role'], 'roles/owner')), 'iam-admin'],
  [
    'an administrator',
    update('aws_iam_role_policy_attachment', to(['policy_arn'], 'arn:aws:iam::aws:policy/AdministratorAccess')),
    'iam-admin',
  ],
  [
    'ingress from everywhere',
    update('aws_security_group', to(['ingress', 0, 'cidr_blocks', 0], '0.0.0.0/0')),
    'public-exposure',
  ],
  ['ingress from everywhere by v6', update('aws_security_group_rule', to(['cidr_ipv6'], '::/0')), 'public-exposure'],
  ['a public bucket', update('aws_s3_bucket_acl', to(['acl'], 'public-read')), 'public-exposure'],
  ['a public database', update('aws_db_instance', to(['publicly_accessible'], true)), 'public-exposure'],
  ['everybody as member', update('google_storage_bucket_iam_member', to(['member'], 'allUsers')), 'public-exposure'],
  ['no deletion protection', update('aws_db_instance', to(['deletion_protection'], false)), 'guard-removed'],
  ['no last snapshot', update('aws_db_instance', to(['skip_final_snapshot'], true)), 'guard-removed'],
  ['a provisioner', planOf([resource({ address: 'a.x' })], { provisioners: ['a.x (local-exec)'] }), 'provisioner'],
  [
    'many deletes',
    planOf(Array.from({ length: 11 }, (_, index) => resource({ address: `a.x[${index}]`, action: 'delete' }))),
    'many-deletes',
  ],
  [
    'many changes',
    planOf(Array.from({ length: 51 }, (_, index) => resource({ address: `a.x[${index}]` }))),
    'many-changes',
  ],
  ['something that was too large to send', planOf([], { left: { resources: 1, attributes: 0 } }), 'not-judged'],
  ['text instead of JSON', planOf([], { text: 'x' }), 'not-judged'],
  ['something forgotten', planOf([resource({ address: 'a.x', action: 'forget' })]), 'forget'],
  [
    'a failed check',
    planOf([resource({ address: 'a.x' })], {
      checks: [{ address: 'check.x', kind: 'check', status: 'fail', problems: [] }],
    }),
    'failed-check',
  ],
];

/** Plans that a person has called harmless: each point here is a false alarm. */
const HARMLESS: readonly (readonly [string, PlanModel])[] = [
  ['a new instance', planOf([resource({ address: 'aws_instance.x' })])],
  ['a tag', update('aws_instance', to(['tags', 'Name'], 'web'))],
  ['egress to everywhere', update('aws_security_group', to(['egress', 0, 'cidr_blocks', 0], '0.0.0.0/0'))],
  ['a private range', update('aws_security_group', to(['ingress', 0, 'cidr_blocks', 0], '10.0.0.0/8'))],
  ['protection switched on', update('aws_db_instance', to(['deletion_protection'], true))],
  ['a new database', planOf([resource({ address: 'aws_db_instance.x', type: 'aws_db_instance' })])],
  ['a star that is no permission', update('aws_cloudwatch_log_metric_filter', to(['pattern'], '*'))],
  [
    'a provisioner that does not run',
    planOf([resource({ address: 'a.x', action: 'update' })], { provisioners: ['a.x (local-exec)'] }),
  ],
];

describe('risk', () => {
  it.each(DANGEROUS)('finds that %s', (_name, model, rule) => {
    expect(riskOf(model).findings.map((finding) => finding.rule)).toContain(rule);
  });

  it.each(HARMLESS)('does not alarm for %s', (_name, model) => {
    expect(riskOf(model)).toEqual({ points: 0, level: 'none', findings: [] });
  });

  it('finds a provider that moves to another major version, when the default branch is known', () => {
    const at = (constraint: string) =>
      planOf([resource({ address: 'a.x' })], { providers: [{ name: 'hashicorp/aws', constraint }] });
    expect(riskOf(at('~> 6.0'), at('~> 5.40')).findings.map((finding) => finding.rule)).toEqual(['provider-major']);
    expect(riskOf(at('~> 5.50'), at('~> 5.40')).points).toBe(0);
  });

  it('names the reason and the resource', () => {
    expect(riskOf(DANGEROUS[0]?.[1] ?? planOf([])).findings[0]).toEqual({
      rule: 'stateful-delete',
      points: 50,
      reason: 'destroys something that holds data or that others rely on',
      addresses: ['aws_db_instance.x'],
    });
  });

  it('grows with the number of resources, to at most the double', () => {
    const deletes = (count: number) =>
      riskOf(
        planOf(Array.from({ length: count }, (_, index) => resource({ address: `a.x[${index}]`, action: 'delete' }))),
      ).findings.find((finding) => finding.rule === 'delete')?.points;
    expect([deletes(1), deletes(3), deletes(100)]).toEqual([8, 10, 16]);
  });

  it.each([
    [0, 'none'],
    [1, 'low'],
    [20, 'medium'],
    [50, 'high'],
  ] as const)('%d points are %s', (points, level) => {
    expect(levelOf(points)).toBe(level);
  });
});
