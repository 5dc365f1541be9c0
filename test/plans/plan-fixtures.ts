import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AttributeChange, PlanModel, ResourceChange } from '../../src/domain/plan-model.ts';
import { countChanges, EMPTY_PLAN, readPlan } from '../../src/plans/read-plan.ts';

export type FixtureName = 'create' | 'change' | 'none' | 'destroy' | 'provisioner' | 'read';

/** An HMAC as the runner would give, short enough to read. */
export function digest(text: string): string {
  return createHmac('sha256', 'key of this repository').update(text).digest('hex').slice(0, 12);
}

/** What a real terraform 1.11.4 printed, as text. */
export function fixtureText(name: string): string {
  return readFileSync(new URL(`../fixtures/plans/${name}`, import.meta.url), 'utf8');
}

export function fixtureJson(name: FixtureName): unknown {
  return JSON.parse(fixtureText(`${name}.json`));
}

export function fixturePlan(name: FixtureName): PlanModel {
  return readPlan(fixtureJson(name), { digest });
}

/** `show -json` with one change of an `aws_x.y` resource, for what no provider here can make. */
export function showJson(change: Record<string, unknown>, rest: Record<string, unknown> = {}): unknown {
  return {
    format_version: '1.2',
    terraform_version: '1.11.4',
    resource_changes: [
      {
        address: 'aws_thing.main',
        mode: 'managed',
        type: 'aws_thing',
        name: 'main',
        provider_name: 'registry.terraform.io/hashicorp/aws',
        change: { actions: ['update'], before: {}, after: {}, after_unknown: {}, ...change },
      },
    ],
    ...rest,
  };
}

/** The attribute changes of the one resource of `showJson`. */
export function attributesOf(change: Record<string, unknown>): readonly AttributeChange[] {
  return readPlan(showJson(change), { digest }).changes[0]?.attributes ?? [];
}

export function resource(change: Partial<ResourceChange> & Pick<ResourceChange, 'address'>): ResourceChange {
  return {
    mode: 'managed',
    type: 'aws_instance',
    name: 'x',
    provider: 'hashicorp/aws',
    action: 'create',
    attributes: [],
    unchanged: 0,
    ...change,
  };
}

export function planOf(changes: readonly ResourceChange[], rest: Partial<PlanModel> = {}): PlanModel {
  return { ...EMPTY_PLAN, hasChanges: changes.length > 0, counts: countChanges(changes), changes, ...rest };
}
