import { describe, expect, it } from 'vitest';
import { readPlan, textPlan } from '../../src/plans/read-plan.ts';
import { attributesOf, digest, fixturePlan, fixtureText, showJson } from './plan-fixtures.ts';

const value = (of: string | number | boolean | null) => ({ kind: 'value', value: of });

describe('a plan of the real terraform', () => {
  it('counts what will happen, a replacement once', () => {
    expect(fixturePlan('change').counts).toEqual({
      create: 1,
      update: 3,
      delete: 1,
      replace: 2,
      import: 1,
      move: 1,
      forget: 1,
      read: 0,
    });
  });

  it.each([
    ['terraform_data.db', { action: 'replace', order: 'create-first' }],
    ['terraform_data.net', { action: 'replace', order: 'delete-first', reason: 'replace_because_cannot_update' }],
    ['terraform_data.imported', { action: 'none', importId: 'abc-123' }],
    ['terraform_data.renamed', { action: 'none', movedFrom: 'terraform_data.old' }],
    ['terraform_data.keep', { action: 'forget' }],
    ['terraform_data.many["one"]', { action: 'delete', reason: 'delete_because_each_key' }],
  ])('reads %s', (address, expected) => {
    expect(fixturePlan('change').changes.find((change) => change.address === address)).toMatchObject(expected);
  });

  it('leaves out what stays as it is', () => {
    expect(fixturePlan('change').changes.map((change) => change.address)).not.toContain('terraform_data.many["two"]');
  });

  it('marks what forces a replacement', () => {
    const db = fixturePlan('change').changes.find((change) => change.address === 'terraform_data.db');
    expect(db?.attributes.filter((attribute) => attribute.forcesReplace)).toEqual([
      { path: ['triggers_replace'], before: value(1), after: value(2), forcesReplace: true },
    ]);
  });

  it('says that nothing changes', () => {
    expect(fixturePlan('none')).toMatchObject({ hasChanges: false, changes: [], outputs: [], drift: [] });
  });

  it('counts reads of data apart, which change nothing', () => {
    const model = fixturePlan('read');
    expect(model.counts).toMatchObject({ read: 1, update: 2, create: 1 });
    expect(model.changes.find((change) => change.action === 'read')).toMatchObject({ mode: 'data' });
  });

  it('names the module of a resource', () => {
    const nested = fixturePlan('read').changes.find(
      (change) => change.address === 'module.inner.terraform_data.nested[1]',
    );
    expect(nested).toMatchObject({ module: 'module.inner', action: 'create' });
  });

  it('keeps the result of checks', () => {
    expect(fixturePlan('change').checks).toEqual([
      { address: 'check.health', kind: 'check', status: 'fail', problems: ['generation is 2'] },
    ]);
  });

  it('names the resources that run provisioners', () => {
    expect(fixturePlan('provisioner').provisioners).toEqual(['terraform_data.broken (local-exec)']);
  });

  it.each(['create', 'change', 'destroy'] as const)('holds no sensitive value anywhere: %s', (name) => {
    expect(fixtureText(`${name}.json`)).toContain('hunter2-canary');
    expect(JSON.stringify(fixturePlan(name))).not.toContain('hunter2');
  });

  it('still says that a sensitive value changes', () => {
    const secret = fixturePlan('change').changes.find((change) => change.address === 'terraform_data.secret');
    const password = secret?.attributes.find((attribute) => attribute.path.at(-1) === 'password');
    expect(password).toMatchObject({ before: { kind: 'hidden' }, after: { kind: 'hidden' } });
    expect(password?.before).not.toEqual(password?.after);
  });
});

it('tells what changed outside of the code', () => {
  // The built-in provider reads nothing from outside, so this shape is Terraform's documented one.
  const drifted = (action: string, address: string) => ({
    address,
    mode: 'managed',
    type: 'aws_x',
    name: 'x',
    provider_name: 'registry.terraform.io/hashicorp/aws',
    change: { actions: [action], before: { size: 1 }, after: action === 'delete' ? null : { size: 2 } },
  });
  const model = readPlan(
    {
      format_version: '1.2',
      resource_changes: [],
      resource_drift: [drifted('update', 'aws_x.b'), drifted('delete', 'aws_x.a'), drifted('no-op', 'aws_x.c')],
    },
    { digest },
  );
  expect(model.drift.map((change) => [change.address, change.action])).toEqual([
    ['aws_x.a', 'delete'],
    ['aws_x.b', 'update'],
  ]);
  expect(model.hasChanges).toBe(false);
});

describe('attribute changes', () => {
  it('compares sets by element', () => {
    expect(attributesOf({ before: { cidrs: ['a', 'b', 'c'] }, after: { cidrs: ['b', 'c', 'd'] } })).toEqual([
      { path: ['cidrs', -1], before: value('a') },
      { path: ['cidrs', 2], after: value('d') },
    ]);
  });

  it('pairs blocks by their name, wherever they stand', () => {
    const before = {
      rule: [
        { name: 'http', port: 80 },
        { name: 'ssh', port: 22 },
      ],
    };
    const after = {
      rule: [
        { name: 'ssh', port: 2222 },
        { name: 'http', port: 80 },
      ],
    };
    expect(attributesOf({ before, after })).toEqual([
      { path: ['rule', 0, 'port'], before: value(22), after: value(2222) },
    ]);
  });

  it('says when only the order differs, and which', () => {
    expect(attributesOf({ before: { l: ['a', 'b'] }, after: { l: ['b', 'a'] } })).toEqual([
      { path: ['l'], reordered: [1, 0] },
    ]);
  });

  it('looks into strings that hold JSON', () => {
    const policy = (actions: readonly string[]) => JSON.stringify({ Statement: [{ Sid: 'x', Action: actions }] });
    expect(attributesOf({ before: { policy: policy(['a']) }, after: { policy: policy(['a', 'b']) } })).toEqual([
      { path: ['policy', 'Statement', 0, 'Action', 1], after: value('b'), jsonFrom: 1 },
    ]);
  });

  it('does not report JSON that is only written in another way', () => {
    expect(attributesOf({ before: { p: '{"a":1,"b":2}' }, after: { p: '{ "b": 2, "a": 1 }' } })).toEqual([]);
  });

  it('treats null and an empty collection as the same', () => {
    expect(attributesOf({ before: { tags: null, l: [] }, after: { tags: {}, l: null } })).toEqual([]);
  });

  it('shows what is not known yet as one thing', () => {
    expect(attributesOf({ before: { o: { a: 1, b: 2 } }, after: {}, after_unknown: { o: true } })).toEqual([
      { path: ['o'], before: { kind: 'collection', of: 'map', size: 2 }, after: { kind: 'unknown' } },
    ]);
  });

  it('finds unknown parts of a block that exists only in the marks', () => {
    expect(
      attributesOf({ actions: ['create'], before: null, after: { b: [{}] }, after_unknown: { b: [{ id: true }] } }),
    ).toEqual([{ path: ['b', 0, 'id'], after: { kind: 'unknown' } }]);
  });
});

describe('redaction beyond what the engine marks', () => {
  it.each([
    ['a name', { db_password: 'correct horse' }, 'name'],
    ['a name in camel case', { dbPassword: 'correct horse' }, 'name'],
    ['an environment map', { environment: { PLAIN: 'correct horse' } }, 'environment'],
    ['an environment list', { env: [{ name: 'PLAIN', value: 'correct horse' }] }, 'environment'],
    ['a pair named like a secret', { setting: [{ name: 'API_TOKEN', value: 'correct horse' }] }, 'name'],
    ['a connection string', { url: 'postgres://u:correct horse@h/db'.replace(' ', '-') }, 'looks-like-secret'],
    [
      'JSON inside a string',
      { definitions: '[{"environment":[{"name":"A","value":"correct horse"}]}]' },
      'environment',
    ],
    ['user data', { user_data: '#!/bin/sh correct horse' }, 'name'],
  ])('hides by %s', (_name, after, why) => {
    const model = readPlan(showJson({ actions: ['create'], before: null, after }), { digest });
    expect(JSON.stringify(model)).not.toMatch(/correct.horse/);
    expect(model.hidden).toBe(1);
    expect(JSON.stringify(model)).toContain(`"why":"${why}"`);
  });

  it.each(['password_policy', 'secret_arn', 'token_ttl', 'key_name', 'secretary', 'kms_key_id', 'environment_name'])(
    'shows %s, which is about a secret but none',
    (name) => {
      expect(readPlan(showJson({ before: {}, after: { [name]: 'plain' } }), { digest }).hidden).toBe(0);
    },
  );

  it('hides a sensitive value where the mark was lost', () => {
    const model = readPlan(
      showJson({
        before: {},
        after: { a: 'swordfish-1', b: 'prefix swordfish-1 suffix' },
        after_sensitive: { a: true },
      }),
      { digest },
    );
    expect(JSON.stringify(model)).not.toContain('swordfish');
  });

  it('binds a digest to its place, so that two equal secrets do not look equal', () => {
    const [a, b] = attributesOf({
      after: { a: 's-e-c-r-e-t', b: 's-e-c-r-e-t' },
      after_sensitive: { a: true, b: true },
    });
    expect(a?.after).not.toEqual(b?.after);
  });

  it('hides both sides when only one is marked', () => {
    const [change] = attributesOf({ before: { a: 'old-one' }, after: { a: 'new-one' }, after_sensitive: { a: true } });
    expect(change).toMatchObject({ before: { kind: 'hidden' }, after: { kind: 'hidden' } });
  });

  it('masks keys in the text of engines without JSON', () => {
    expect(textPlan('key AKIAABCDEFGHIJKLMNOP end', true).text).toBe('key (hidden) end');
  });
});

describe('strange input', () => {
  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['a text', 'plan'],
    ['no version', {}],
    ['a version from the future', { format_version: '9.0' }],
    ['a plan that failed', { format_version: '1.2', errored: true }],
  ])('answers with a problem, never with "no changes": %s', (_name, input) => {
    const model = readPlan(input, { digest });
    expect(model.problem).toBeTypeOf('string');
    expect(model.hasChanges).toBe(true);
  });

  it('answers with a problem for a value nested without end', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(readPlan(showJson({ after: { deep } }), { digest }).problem).toContain('nested too deeply');
  });

  it('takes names like __proto__ and constructor for names', () => {
    const after: unknown = JSON.parse('{"__proto__": {"polluted": "x"}, "constructor": "y"}');
    const [first, second] = attributesOf({ before: {}, after: { tags: after } });
    expect([first?.path, second?.path]).toEqual([
      ['tags', '__proto__', 'polluted'],
      ['tags', 'constructor'],
    ]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('reads an unknown combination of actions as a replacement', () => {
    expect(readPlan(showJson({ actions: ['forget', 'create'] }), { digest }).counts.replace).toBe(1);
  });
});
