import type { Hono } from 'hono';
import { apiUrl } from './account-json.ts';
import { ApiError, notFound } from './api-error.ts';
import { page, type RepositoryCall, repositoryRoutes } from './api-route.ts';
import { checkRunJson, statusJson } from './check-json.ts';
import { createCheckRun, updateCheckRun } from './check-life.ts';
import { tryRevision } from './git-store.ts';
import { timestamp } from './mergeability.ts';
import { requiredText, textIn } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { type CheckRun, fullName } from './world-state.ts';

export function serveChecks(api: Hono, parts: WorldParts): void {
  const { state } = parts;
  const route = repositoryRoutes(api, parts);
  const url = (call: RepositoryCall, rest: string) => `${apiUrl(state)}/repos/${fullName(call.repository)}${rest}`;
  const checkAt = (call: RepositoryCall): CheckRun => {
    const check = call.repository.checkRuns.get(call.number('id'));
    if (check === undefined) {
      throw notFound();
    }
    return check;
  };
  const commitAt = async (call: RepositoryCall): Promise<string> => {
    const ref = call.param('ref');
    const sha = await tryRevision(call.repository.gitDir, ref);
    if (sha === undefined) {
      throw new ApiError(422, `No commit found for SHA: ${ref}`);
    }
    return sha;
  };

  route('POST', '/check-runs', { checks: 'write' }, async (call) => {
    const sha = requiredText(call.body, 'head_sha');
    if ((await tryRevision(call.repository.gitDir, sha)) !== sha) {
      throw new ApiError(422, `No commit found for SHA: ${sha}`);
    }
    const check = createCheckRun(parts, call.repository, call.body, state.app.id, state.app.bot.login);
    return { status: 201, json: checkRunJson(state, call.repository, check) };
  });

  route('GET', '/check-runs/:id', { checks: 'read' }, (call) => ({
    json: checkRunJson(state, call.repository, checkAt(call)),
  }));

  route('PATCH', '/check-runs/:id', { checks: 'write' }, (call) => {
    const check = checkAt(call);
    if (check.appId !== state.app.id) {
      throw new ApiError(
        403,
        'Invalid app_id `' +
          String(state.app.id) +
          '` - check run can only be modified by the GitHub App that created it.',
      );
    }
    updateCheckRun(parts, call.repository, check, call.body, state.app.bot.login);
    return { json: checkRunJson(state, call.repository, check) };
  });

  route('GET', '/commits/:ref/check-runs', { checks: 'read' }, async (call) => {
    const sha = await commitAt(call);
    const [name, status, app] = [call.query('check_name'), call.query('status'), call.query('app_id')];
    const found = [...call.repository.checkRuns.values()].filter(
      (one) =>
        one.headSha === sha &&
        (name === undefined || one.name === name) &&
        (status === undefined || one.status === status) &&
        (app === undefined || String(one.appId) === app),
    );
    // `latest` (the default) keeps the newest check of each App and name.
    const kept =
      call.query('filter') === 'all'
        ? found
        : found.filter(
            (one) => !found.some((other) => other.id > one.id && other.name === one.name && other.appId === one.appId),
          );
    const described = kept.toReversed().map((one) => checkRunJson(state, call.repository, one));
    return page(call, described, url(call, `/commits/${sha}/check-runs`), (check_runs) => ({
      total_count: kept.length,
      check_runs,
    }));
  });

  route('GET', '/commits/:ref/statuses', { statuses: 'read' }, async (call) => {
    const sha = await commitAt(call);
    const found = call.repository.statuses.filter((one) => one.sha === sha).toReversed();
    return page(
      call,
      found.map((one) => statusJson(state, call.repository, one)),
      url(call, `/commits/${sha}/statuses`),
    );
  });

  route('GET', '/commits/:ref/status', { statuses: 'read' }, async (call) => {
    const sha = await commitAt(call);
    const all = call.repository.statuses.filter((one) => one.sha === sha);
    const latest = all.filter((one, index) => all.findLastIndex((other) => other.context === one.context) === index);
    const worst = latest.some((one) => one.state === 'failure' || one.state === 'error')
      ? 'failure'
      : latest.length > 0 && latest.every((one) => one.state === 'success')
        ? 'success'
        : 'pending';
    return {
      json: {
        state: worst,
        sha,
        total_count: latest.length,
        statuses: latest.map((one) => statusJson(state, call.repository, one)),
        commit_url: url(call, `/commits/${sha}`),
        url: url(call, `/commits/${sha}/status`),
      },
    };
  });

  route('POST', '/statuses/:ref', { statuses: 'write' }, async (call) => {
    const sha = await commitAt(call);
    const wanted = requiredText(call.body, 'state');
    const known = (['error', 'failure', 'pending', 'success'] as const).find((one) => one === wanted);
    if (known === undefined) {
      throw new ApiError(
        422,
        `Invalid request.\n\n${wanted} is not a member of ["error", "failure", "pending", "success"].`,
      );
    }
    const status = {
      id: state.nextId('status'),
      sha,
      context: textIn(call.body, 'context') ?? 'default',
      state: known,
      description: textIn(call.body, 'description') ?? null,
      targetUrl: textIn(call.body, 'target_url') ?? null,
      creator: state.app.bot.login,
      createdAt: timestamp(parts),
    };
    call.repository.statuses.push(status);
    parts.journal.changed();
    return { status: 201, json: statusJson(state, call.repository, status) };
  });
}
