import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openApplyStream } from '../../src/plans/apply-stream.ts';
import { failureClass } from '../../src/plans/failure-class.ts';
import { fixturePlan, fixtureText } from './plan-fixtures.ts';

function read(name: string) {
  const stream = openApplyStream();
  const events = fixtureText(name).split('\n').map(stream.read);
  return { stream, events };
}

describe('the lines of a real apply', () => {
  it('say per resource what was done, failed and never begun', () => {
    const { stream } = read('apply-failed.jsonl');
    const outcome = stream.outcome(fixturePlan('provisioner'));
    expect(outcome.resources.map((entry) => [entry.address, entry.outcome])).toEqual([
      ['terraform_data.first', 'done'],
      ['terraform_data.broken', 'failed'],
      ['terraform_data.after', 'not-attempted'],
    ]);
    expect(outcome).toMatchObject({ done: 1, failed: 1, notAttempted: 1 });
    expect(outcome.diagnostics[0]).toMatchObject({
      severity: 'error',
      address: 'terraform_data.broken',
      file: 'main.tf',
      line: 4,
    });
  });

  it('count a replacement once and leave nothing open', () => {
    const { stream } = read('apply-change.jsonl');
    const outcome = stream.outcome(fixturePlan('change'));
    expect(outcome).toMatchObject({ failed: 0, notAttempted: 0 });
    expect(outcome.resources.filter((entry) => entry.address === 'terraform_data.db')).toEqual([
      expect.objectContaining({ action: 'replace', outcome: 'done' }),
    ]);
  });

  it('show outputs, but for those that are sensitive', () => {
    const outputs = read('apply-create.jsonl').stream.outcome().outputs;
    expect(outputs.find((output) => output.name === 'gen')).toEqual({ name: 'gen', value: '1' });
    expect(outputs.find((output) => output.name === 'secret')).toEqual({ name: 'secret' });
    expect(JSON.stringify(outputs)).not.toContain('hunter2');
  });

  it('tell progress as it happens', () => {
    const kinds = read('apply-failed.jsonl').events.map((event) => event.kind);
    expect(kinds.filter((kind) => kind !== 'other')).toEqual(['started', 'done', 'started', 'failed', 'diagnostic']);
  });

  it('of a plan that fails hold the diagnostic with its place and without source', () => {
    const [diagnostic] = read('plan-failed.jsonl').stream.diagnostics();
    expect(diagnostic).toMatchObject({ file: 'main.tf', line: 2, summary: 'Reference to undeclared input variable' });
    expect(JSON.stringify(diagnostic)).not.toContain('input = var.missing');
  });

  it('that stop in the middle leave a resource begun, never done', () => {
    const stream = openApplyStream();
    for (const line of fixtureText('apply-failed.jsonl').split('\n')) {
      if (!line.includes('apply_errored') && !line.includes('apply_complete')) {
        stream.read(line);
      }
    }
    expect(stream.outcome().resources.map((entry) => entry.outcome)).toEqual(['started', 'started', 'not-attempted']);
  });
});

it('reads any line without throwing', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify({ type: 'apply_start', hook: value })),
      ),
      (line) => {
        const stream = openApplyStream();
        stream.read(line);
        expect(stream.outcome().done).toBe(0);
      },
    ),
  );
});

it.each([
  ['Error: ThrottlingException: Rate exceeded', 'throttled'],
  ['AccessDenied: User is not authorized to perform: ec2:RunInstances', 'permission'],
  ['EntityAlreadyExists: Role with name x already exists.', 'exists'],
  ['VcpuLimitExceeded: You have requested more vCPU capacity than your current limit', 'quota'],
  ['timeout while waiting for state to become available', 'timeout'],
  ['Error acquiring the state lock', 'state-locked'],
  ['Failed to save state', 'state-not-saved'],
  ['DependencyViolation: resource sg-1 has a dependent object', 'conflict'],
  ['dial tcp: lookup api: no such host', 'network'],
  ['Plugin did not respond', 'provider-crash'],
  ['Something nobody has seen', 'other'],
])('classes "%s" as %s', (summary, kind) => {
  expect(failureClass([{ severity: 'error', summary }]).kind).toBe(kind);
});
