import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitHubWrite } from '../../src/domain/github-write.ts';
import { deliver } from '../../src/github/deliver.ts';
import type { CallFault } from '../world/faults.ts';
import type { Pull } from '../world/world-state.ts';
import { openWorld, type WorldApp } from './world-app.ts';

const RUN = '3f1e7c58-9b1e-4a57-8f0e-2d3c4b5a6978';
const MARKER = '<!-- plumbline 1 -->';

let here: WorldApp;
let pull: Pull;
beforeEach(async () => {
  here = await openWorld();
  pull = await here.world.openPullRequest(here.repository, { author: 'ada', files: { 'network/main.tf': '# new\n' } });
});
afterEach(async () => {
  expect(here.world.errors).toEqual([]);
  await here.world.close();
});

const send = (write: GitHubWrite, uncertain = false) =>
  deliver(here.client, { owner: 'acme', name: 'infra' }, write, here.writing(uncertain));

/** Send as the outbox does: again and uncertain after a Failure. */
async function sendUntilDone(write: GitHubWrite, fault: CallFault) {
  here.patience.ms = fault.kind === 'hang' ? 1_500 : null;
  const first = await send(write).catch((error: unknown) => error);
  expect(first).toMatchObject({ name: 'Failure', code: 'github-unreachable' });
  here.patience.ms = null;
  return await send(write, true);
}

const comments = () => here.world.commentsOn(here.repository, pull.number);
const checks = () => here.world.checksOf(here.repository, pull.headSha);

const dispatch: GitHubWrite = {
  write: 'dispatch',
  workflow: '.github/workflows/plumbline.yml',
  ref: 'main',
  inputs: { 'run-id': RUN },
  runName: `plumbline ${RUN}`,
};
const reply = (body = 'no') =>
  ({ write: 'reply', pull: pull.number, body: `${body}\n${MARKER}`, marker: MARKER }) satisfies GitHubWrite;
const sticky = (change: Partial<Extract<GitHubWrite, { write: 'sticky-comment' }>> = {}) =>
  ({
    write: 'sticky-comment',
    pull: pull.number,
    body: `the plan\n${MARKER}`,
    marker: MARKER,
    commentId: null,
    minimise: null,
    ...change,
  }) satisfies GitHubWrite;
const check = (change: Partial<Extract<GitHubWrite, { write: 'check' }>> = {}) =>
  ({
    write: 'check',
    sha: pull.headSha,
    name: 'plumbline/plan',
    checkRunId: null,
    externalId: `plan#${pull.number}`,
    detailsUrl: null,
    status: 'in_progress',
    conclusion: null,
    title: 'Planning',
    summary: 's',
    text: '',
    annotations: [],
    actions: [],
    ...change,
  }) satisfies GitHubWrite;
const annotations = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    path: 'network/main.tf',
    startLine: at + 1,
    endLine: at + 1,
    level: 'failure' as const,
    title: `t${at}`,
    message: 'm',
  }));

/** GitHub took it and we never heard, in two ways; and it never got there. */
const LOST: readonly (readonly [string, CallFault])[] = [
  ['whose answer was lost', { kind: 'answer-lost' }],
  ['that failed', { kind: 'server-error' }],
  ['that hung', { kind: 'hang' }],
];

describe('a dispatch', () => {
  it('tells the id of the run it started', async () => {
    const sent = await send(dispatch);
    expect(sent).toEqual({ ok: true, githubRunId: here.world.runs[0]?.id });
    expect(here.world.runs[0]?.inputs).toMatchObject({ 'run-id': RUN });
  });

  it.each(LOST)('%s starts one run', async (_name, fault) => {
    here.world.faults.onCall('/dispatches', fault);
    expect(await sendUntilDone(dispatch, fault)).toEqual({ ok: true, githubRunId: here.world.runs[0]?.id });
    expect(here.world.runs).toHaveLength(1);
  });

  it('is not taken for one that a person started under the same title', async () => {
    const other = await here.world.dispatch(here.repository, 'plumbline.yml', { 'run-id': RUN }, 'ada');
    const sent = await send(dispatch, true);
    expect(sent).toMatchObject({ ok: true });
    expect(sent).not.toMatchObject({ githubRunId: other.id });
  });

  it('of a workflow that is not there says that', async () => {
    expect(await send({ ...dispatch, workflow: 'other.yml' })).toMatchObject({
      ok: false,
      problem: { what: 'workflow-missing' },
    });
  });

  it('with inputs that the workflow does not have says which', async () => {
    const sent = await send({ ...dispatch, inputs: { 'run-id': RUN, environment: 'prod' } });
    expect(sent).toMatchObject({ ok: false, problem: { what: 'workflow-not-dispatchable' } });
    expect(JSON.stringify(sent)).toContain('environment');
  });

  it('of a workflow without the trigger says that', async () => {
    await here.world.commit(here.repository, {
      branch: 'main',
      author: 'ada',
      files: {
        '.github/workflows/plumbline.yml': 'on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: echo }]\n',
      },
    });
    expect(await send(dispatch)).toMatchObject({ ok: false, problem: { what: 'workflow-not-dispatchable' } });
  });
});

describe('a comment', () => {
  it.each(LOST)('%s is there once', async (_name, fault) => {
    here.world.faults.onCall(/POST .*\/comments/, fault);
    const sent = await sendUntilDone(reply(), fault);
    expect(comments()).toHaveLength(1);
    expect(sent).toMatchObject({ ok: true, id: comments()[0]?.id });
  });

  it("is not found in somebody else's, whatever marker that carries", async () => {
    here.world.comment(here.repository, pull.number, 'eve', `mine\n${MARKER}`);
    await send(reply(), true);
    expect(comments()).toHaveLength(2);
  });

  it('is found behind a hundred others', async () => {
    await send(reply());
    for (let at = 0; at < 110; at += 1) {
      here.world.comment(here.repository, pull.number, 'eve', `talk ${at}`);
    }
    expect(await send(reply(), true)).toMatchObject({ id: comments()[0]?.id });
    expect(comments()).toHaveLength(111);
  });

  it('is cut to what GitHub takes, and keeps its marker', async () => {
    await send({ ...reply(), body: 'x'.repeat(70_000) });
    const body = comments()[0]?.body ?? '';
    expect(body.length).toBe(65_536);
    expect(body.endsWith(MARKER)).toBe(true);
  });

  it('on a pull request that is not there is dead', async () => {
    expect(await send({ ...reply(), pull: 999 })).toMatchObject({ ok: false, dead: expect.stringContaining('404') });
  });
});

describe('the sticky comment', () => {
  it('is made once and then edited', async () => {
    const first = await send(sticky());
    expect(first).toMatchObject({ ok: true, nodeId: expect.any(String) });
    const id = comments()[0]?.id ?? 0;
    expect(await send(sticky({ commentId: id, body: `newer\n${MARKER}` }))).toMatchObject({ ok: true, id });
    expect(comments().map(({ body }) => body)).toEqual([`newer\n${MARKER}`]);
  });

  it('is made again when somebody deleted it', async () => {
    await send(sticky());
    const comment = comments()[0];
    if (comment !== undefined) {
      here.world.deleteComment(here.repository, comment);
    }
    expect(await send(sticky({ commentId: comment?.id ?? 0 }))).toMatchObject({ ok: true });
    expect(comments()).toHaveLength(1);
  });

  it.each(LOST)('%s is there once, and the older one folded away', async (_name, fault) => {
    const older = await send(sticky());
    here.world.faults.onCall(/POST .*\/comments/, fault);
    await sendUntilDone(sticky({ minimise: older.ok ? (older.nodeId ?? null) : null }), fault);
    expect(comments().map(({ minimized }) => minimized !== null)).toEqual([true, false]);
  });
});

describe('a check', () => {
  it.each(LOST)('%s is there once', async (_name, fault) => {
    here.world.faults.onCall(/POST .*\/check-runs/, fault);
    expect(await sendUntilDone(check(), fault)).toMatchObject({ ok: true, id: checks()[0]?.id });
    expect(checks()).toHaveLength(1);
  });

  it('is updated while it is not finished', async () => {
    await send(check());
    const id = checks()[0]?.id ?? 0;
    expect(await send(check({ checkRunId: id, status: 'completed', conclusion: 'success' }))).toMatchObject({ id });
    expect(checks()).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
  });

  it('that is finished never reopens: another of the same name is made', async () => {
    await send(check({ status: 'completed', conclusion: 'failure' }));
    const id = checks()[0]?.id ?? 0;
    const sent = await send(check({ checkRunId: id }));
    expect(sent).toMatchObject({ ok: true });
    expect(sent).not.toMatchObject({ id });
    expect(checks()).toMatchObject([
      { id, status: 'completed', conclusion: 'failure' },
      { name: 'plumbline/plan', status: 'in_progress' },
    ]);
  });

  it('carries more annotations than one request may, each once, however often it is sent', async () => {
    const write = check({ status: 'completed', conclusion: 'failure', annotations: annotations(120) });
    await send(write);
    const id = checks()[0]?.id ?? 0;
    expect(checks()[0]?.annotations).toHaveLength(120);
    await send({ ...write, checkRunId: id, annotations: annotations(130) });
    expect(checks()[0]?.annotations).toHaveLength(130);
  });

  it('keeps to the limits of buttons and texts', async () => {
    const long = 'x'.repeat(70_000);
    const actions = Array.from({ length: 5 }, () => ({ label: long, description: long, identifier: long }));
    expect(await send(check({ title: long, summary: long, text: long, actions }))).toMatchObject({ ok: true });
    expect(checks()).toHaveLength(1);
  });

  it('on a commit that is not there is dead', async () => {
    expect(await send(check({ sha: 'f'.repeat(40) }))).toMatchObject({ ok: false });
  });
});

describe('the rest', () => {
  it('a reaction is there once', async () => {
    const comment = here.world.comment(here.repository, pull.number, 'ada', 'plumbline plan');
    const write: GitHubWrite = { write: 'react', commentId: comment.id, content: 'eyes' };
    await send(write);
    await send(write, true);
    const { data } = await here.client.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
      owner: 'acme',
      repo: 'infra',
      comment_id: comment.id,
    });
    expect(data.map(({ content }) => content)).toEqual(['eyes']);
    expect(await send({ ...write, commentId: 1 })).toMatchObject({ ok: false });
  });

  it('a run is cancelled, and one that is over is as good as cancelled', async () => {
    await send(dispatch);
    const [run] = here.world.runs;
    const write: GitHubWrite = { write: 'cancel-actions-run', githubRunId: run?.id ?? 0 };
    expect(await send(write)).toMatchObject({ ok: true });
    await here.world.waitFor(() => run?.status === 'completed');
    expect(await send(write, true)).toMatchObject({ ok: true });
    expect(await send({ ...write, githubRunId: 1 })).toMatchObject({ ok: false });
  });

  it('labels are set and removed, also such as are not there', async () => {
    await send({ write: 'labels', pull: pull.number, add: ['plumbline:planned'], remove: [] });
    expect([...pull.labels]).toEqual(['plumbline:planned']);
    const write: GitHubWrite = {
      write: 'labels',
      pull: pull.number,
      add: [],
      remove: ['plumbline:planned', 'never/was there'],
    };
    expect(await send(write)).toEqual({ ok: true });
    expect([...pull.labels]).toEqual([]);
  });

  const merge = (
    sha: string,
    deleteBranch: string | null = null,
    method: 'auto' | 'squash' = 'squash',
  ): GitHubWrite => ({
    write: 'merge',
    pull: pull.number,
    sha,
    method,
    title: 'Merged by Plumbline',
    deleteBranch,
  });

  it('a pull request is merged at the commit that was decided on, once', async () => {
    const fault: CallFault = { kind: 'answer-lost' };
    here.world.faults.onCall('/merge', fault);
    expect(await sendUntilDone(merge(pull.headSha), fault)).toEqual({ ok: true });
    expect(pull.merged).toBe(true);
  });

  it.each([0, 1, 2])(
    'it is merged by the first method that the repository allows when %i are not',
    async (forbidden) => {
      here.world.faults.onCall('/merge', { kind: 'server-error', status: 405 }, forbidden);
      expect(await send(merge(pull.headSha, null, 'auto'))).toEqual({ ok: true });
      expect(here.calls.filter(({ method }) => method === 'PUT')).toHaveLength(forbidden + 1);
      expect(pull.merged).toBe(true);
    },
  );

  it('says what GitHub answered first when no method is allowed, and tries no other than was asked for', async () => {
    const fault = { kind: 'server-error', status: 405 } as const;
    here.world.faults.onCall('/merge', fault, 4);
    expect(await send(merge(pull.headSha, null, 'auto'))).toMatchObject({ ok: false });
    expect(await send(merge(pull.headSha))).toMatchObject({ ok: false, dead: expect.stringContaining('405') });
    expect(pull.merged).toBe(false);
  });

  it('its branch is deleted after the merge, and may be gone already', async () => {
    expect(await send(merge(pull.headSha, pull.head))).toEqual({ ok: true });
    expect(await send(merge(pull.headSha, pull.head), true)).toEqual({ ok: true });
    expect(here.calls.filter(({ method }) => method === 'DELETE').map(({ status }) => status)).toEqual([204, 422]);
  });

  it('a pull request whose head has moved is not merged', async () => {
    const sha = pull.headSha;
    await here.world.push(here.repository, pull, { 'network/main.tf': '# newer\n' });
    expect(await send(merge(sha))).toMatchObject({ ok: false, dead: expect.stringContaining('409') });
    expect(pull.merged).toBe(false);
  });
});

describe('what may pass', () => {
  it.each([
    [{ kind: 'secondary-limit', retryAfterSeconds: 42 } as const, 42_000],
    [{ kind: 'too-many-requests', retryAfterSeconds: 3 } as const, 3_000],
  ])('is thrown with how long to wait: %s', async (fault, retryAfterMs) => {
    here.world.faults.onCall('/comments', fault);
    await expect(send(reply())).rejects.toMatchObject({ code: 'github-limited', retryAfterMs });
  });

  it('is not retried behind our back', async () => {
    here.world.faults.onCall('/comments', { kind: 'server-error' });
    await send(reply()).catch(() => {});
    expect(here.calls.filter(({ route }) => route.endsWith('/comments'))).toHaveLength(1);
  });
});
