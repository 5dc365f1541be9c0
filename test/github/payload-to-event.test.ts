import webhooks from '@octokit/webhooks-examples';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arrival } from '../../src/github/mapped-event.ts';
import { eventOf, HANDLED_EVENTS } from '../../src/github/payload-to-event.ts';

const RUN = '3f1e7c58-9b1e-4a57-8f0e-2d3c4b5a6978';
const SHA = 'a'.repeat(40);
const OLD = 'b'.repeat(40);
const US: Arrival = { appId: 77, botId: 900, receivedAt: 1_000 };
const REPOSITORY = { id: 5, name: 'infra', owner: { login: 'acme', id: 6 }, default_branch: 'main' };
const HEADER = { installation: { id: 3 }, repository: REPOSITORY, sender: { id: 8, login: 'ada', type: 'User' } };
const REF = { installationId: 3, repositoryId: 5, owner: 'acme', name: 'infra' };
const ADA = { id: 8, login: 'ada', bot: false };
const PULL = { number: 12, head: { sha: SHA } };
const OUR_BOT = { id: 900, login: 'plumbline[bot]', type: 'Bot' };

const RUN_PAYLOAD = {
  id: 41,
  name: 'Plumbline',
  display_title: `plumbline ${RUN}`,
  event: 'workflow_dispatch',
  run_attempt: 1,
  status: 'completed',
  conclusion: 'success',
  actor: OUR_BOT,
};
const JOB_PAYLOAD = {
  id: 42,
  run_id: 41,
  name: `plumbline ${RUN}`,
  workflow_name: 'Plumbline',
  run_attempt: 1,
  status: 'waiting',
  conclusion: null,
};
const CHECK = { head_sha: SHA, app: { id: 77 }, external_id: '', pull_requests: [PULL] };

describe('events', () => {
  it.each([
    ['opened', { action: 'opened', pull_request: PULL }, 'opened'],
    ['synchronize', { action: 'synchronize', pull_request: PULL }, 'synchronize'],
    ['closed', { action: 'closed', pull_request: PULL }, 'closed'],
    [
      'a changed base',
      { action: 'edited', pull_request: PULL, changes: { base: { ref: { from: 'x' } } } },
      'base-edited',
    ],
  ])('makes a pull event of %s', (_name, payload, action) => {
    expect(eventOf('pull_request', { ...HEADER, ...payload }, US)).toEqual({
      event: { kind: 'pull', action, repository: REF, pull: 12, headSha: SHA, sender: ADA },
    });
  });

  it('keeps the label of a labelled pull request', () => {
    const payload = { ...HEADER, action: 'labeled', pull_request: PULL, label: { name: 'plumbline:skip' } };
    expect(eventOf('pull_request', payload, US)).toMatchObject({
      event: { action: 'labeled', label: 'plumbline:skip' },
    });
  });

  it('makes a comment event of a comment on a pull request, with the time it was made', () => {
    const payload = {
      ...HEADER,
      action: 'created',
      issue: { number: 12, pull_request: { url: 'x' } },
      comment: { id: 99, body: 'plumbline plan', user: HEADER.sender, created_at: '2026-11-21T10:00:00Z' },
    };
    expect(eventOf('issue_comment', payload, US)).toEqual({
      event: {
        kind: 'comment',
        repository: REF,
        pull: 12,
        commentId: 99,
        body: 'plumbline plan',
        author: ADA,
        createdAt: Date.parse('2026-11-21T10:00:00Z'),
      },
    });
  });

  it('makes a push event of a branch, whoever pushed it', () => {
    const payload = { ...HEADER, sender: null, ref: 'refs/heads/release/1.0', before: OLD, after: SHA };
    expect(eventOf('push', payload, US)).toMatchObject({
      event: { kind: 'push', branch: 'release/1.0', before: OLD, after: SHA, sender: { login: 'ghost' } },
    });
  });

  it.each([
    ['its pull request as GitHub lists it', CHECK, 12],
    ['its external id when the head is in a fork', { ...CHECK, pull_requests: [], external_id: 'plan#31' }, 31],
  ])('makes a button event of a check with %s', (_name, check, pull) => {
    const payload = {
      ...HEADER,
      action: 'requested_action',
      check_run: check,
      requested_action: { identifier: 'apply' },
    };
    expect(eventOf('check_run', payload, US)).toEqual({
      event: { kind: 'button', repository: REF, pull, sha: SHA, button: 'apply', sender: ADA, at: 1_000 },
    });
  });

  it('takes "Re-run" on a check for a plan', () => {
    const payload = { ...HEADER, action: 'rerequested', check_run: CHECK };
    expect(eventOf('check_run', payload, US)).toMatchObject({ event: { kind: 'button', button: 'plan' } });
  });

  it('makes an event of a run and of a job of ours', () => {
    expect(eventOf('workflow_run', { ...HEADER, action: 'completed', workflow_run: RUN_PAYLOAD }, US)).toEqual({
      event: {
        kind: 'actions-run',
        repository: REF,
        run: RUN,
        githubRunId: 41,
        attempt: 1,
        status: 'completed',
        conclusion: 'success',
        of: 'run',
      },
    });
    const job = { ...HEADER, action: 'waiting', sender: OUR_BOT, workflow_job: JOB_PAYLOAD };
    expect(eventOf('workflow_job', job, US)).toMatchObject({
      event: { run: RUN, githubRunId: 41, status: 'waiting', of: 'job' },
    });
  });

  it('makes an event of a merge that the queue tries, or tries no more', () => {
    const group = {
      head_sha: SHA,
      head_ref: 'refs/heads/gh-readonly-queue/release/1.2/pr-104-0f0f0f',
      base_sha: 'b'.repeat(40),
      base_ref: 'refs/heads/release/1.2',
    };
    const event = {
      kind: 'merge-group',
      repository: REF,
      pull: 104,
      headSha: SHA,
      baseSha: 'b'.repeat(40),
      baseBranch: 'release/1.2',
    };
    const mapped = (more: object) => eventOf('merge_group', { ...HEADER, merge_group: group, ...more }, US);
    expect(mapped({ action: 'checks_requested' })).toEqual({ event: { ...event, action: 'checks-requested' } });
    for (const [reason, merged] of [
      ['merged', true],
      ['invalidated', false],
      ['dequeued', false],
      [undefined, false],
    ] as const) {
      expect(mapped({ action: 'destroyed', reason })).toEqual({ event: { ...event, action: 'destroyed', merged } });
    }
    expect(mapped({ action: 'renamed' })).toMatchObject({ ignored: 'nothing-to-do' });
    const nameless = { ...group, head_ref: 'refs/heads/gh-readonly-queue/main/104' };
    expect(mapped({ action: 'checks_requested', merge_group: nameless })).toMatchObject({ ignored: 'malformed' });
  });

  it('makes an installation event with the repositories it came with', () => {
    const payload = {
      action: 'created',
      installation: { id: 3, account: { id: 6, login: 'acme', type: 'Organization' } },
      repositories: [{ id: 5, name: 'infra', full_name: 'acme/infra' }],
      sender: HEADER.sender,
    };
    expect(eventOf('installation', payload, US)).toMatchObject({
      event: { installationId: 3, repositories: [{ repositoryId: 5, owner: 'acme', name: 'infra' }] },
    });
  });

  it.each(['member', 'membership', 'team'])('makes a membership event of %s', (name) => {
    expect(eventOf(name, { ...HEADER, action: 'added' }, US)).toEqual({
      event: { kind: 'membership', installationId: 3, what: `${name} added` },
    });
  });
});

describe('ignored deliveries', () => {
  it.each([
    ['an event nobody asked for', 'star', { ...HEADER, action: 'created' }, 'unknown-event'],
    ['an event named like a property of every object', 'constructor', HEADER, 'unknown-event'],
    [
      'an edited title',
      'pull_request',
      { ...HEADER, action: 'edited', pull_request: PULL, changes: {} },
      'nothing-to-do',
    ],
    [
      'a comment on an issue',
      'issue_comment',
      { ...HEADER, action: 'created', issue: { number: 1 } },
      'no-pull-request',
    ],
    ['an edited comment', 'issue_comment', { ...HEADER, action: 'edited' }, 'not-a-command'],
    ['a pushed tag', 'push', { ...HEADER, ref: 'refs/tags/v1', before: OLD, after: SHA }, 'nothing-to-do'],
    ['a deleted branch', 'push', { ...HEADER, ref: 'refs/heads/x', deleted: true }, 'nothing-to-do'],
    ['our own check', 'check_run', { ...HEADER, action: 'completed', check_run: CHECK }, 'own-event'],
    [
      'a button of another App',
      'check_run',
      { ...HEADER, action: 'rerequested', check_run: { ...CHECK, app: { id: 1 } } },
      'nothing-to-do',
    ],
    [
      'a run that a person started under our name',
      'workflow_run',
      { ...HEADER, workflow_run: { ...RUN_PAYLOAD, actor: HEADER.sender } },
      'not-our-run',
    ],
    [
      'a run on a pull request titled like ours',
      'workflow_run',
      { ...HEADER, workflow_run: { ...RUN_PAYLOAD, event: 'pull_request' } },
      'not-our-run',
    ],
    ['a job that a person started', 'workflow_job', { ...HEADER, workflow_job: JOB_PAYLOAD }, 'not-our-run'],
    [
      'a head that is no commit id',
      'pull_request',
      { ...HEADER, action: 'opened', pull_request: { number: 1, head: { sha: '$(x)' } } },
      'malformed',
    ],
    [
      'a delivery without installation',
      'push',
      { ...HEADER, installation: null, ref: 'refs/heads/x', before: OLD, after: SHA },
      'malformed',
    ],
    ['a payload that is a list', 'push', [], 'malformed'],
  ])('ignores %s', (_name, event, payload, reason) => {
    expect(eventOf(event, payload, US)).toMatchObject({ ignored: reason });
  });

  it('records an ignored delivery under its pull request', () => {
    expect(eventOf('star', { ...HEADER, pull_request: PULL }, US)).toMatchObject({ subject: '5#12' });
  });
});

describe("GitHub's own examples", () => {
  // Its types describe another module format than the file has.
  const examples: { name: string; examples: object[] }[] = JSON.parse(JSON.stringify(webhooks));
  const payloads = examples.flatMap(({ name, examples: all }) => all.map((payload) => ({ name, payload })));

  it('are never malformed once they name an installation', () => {
    const bad = payloads
      .filter(({ name }) => HANDLED_EVENTS.includes(name))
      .map(({ name, payload }) => ({ name, outcome: eventOf(name, { installation: { id: 3 }, ...payload }, US) }))
      .filter(({ outcome }) => 'ignored' in outcome && outcome.ignored === 'malformed');
    expect(bad).toEqual([]);
  });

  it('never make it throw, however they are damaged', () => {
    const junk = fc.oneof(fc.constantFrom(null, '', 0, -1, 1e300, [], {}, '__proto__', true), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.constantFrom(...payloads),
        fc.nat(),
        junk,
        fc.boolean(),
        ({ name, payload }, where, value, drop) => {
          const copy: unknown = structuredClone({ installation: { id: 3 }, ...payload });
          damage(copy, where, value, drop);
          const outcome = eventOf(name, copy, US);
          expect('event' in outcome || outcome.detail.length > 0).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('never make it throw when they are no payload at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...HANDLED_EVENTS)), fc.jsonValue(), (name, payload) => {
        eventOf(name, payload, US);
      }),
    );
  });
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Replace or remove the property number `where` of all properties in the tree. */
function damage(tree: unknown, where: number, value: unknown, drop: boolean): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown) => {
    if (isRecord(node)) {
      for (const key of Object.keys(node)) {
        places.push([node, key]);
        walk(node[key]);
      }
    }
  };
  walk(tree);
  const place = places[where % places.length];
  if (place !== undefined) {
    const [node, key] = place;
    if (drop) {
      delete node[key];
    } else {
      node[key] = value;
    }
  }
}
