import type { Context, Hono } from 'hono';
import { accountJson, apiUrl } from './account-json.ts';
import { permits } from './accounts.ts';
import { ApiError, notFound } from './api-error.ts';
import { page, repositoryRoutes, requireToken, respond } from './api-route.ts';
import { commitJson, diffEntryJson } from './commit-json.ts';
import { objectAt } from './git-objects.ts';
import {
  changedFiles,
  commitFacts,
  countCommits,
  deleteRef,
  listTree,
  logOf,
  mergeBase,
  tryRevision,
} from './git-store.ts';
import { NO_COMMIT, refMoved } from './push-event.ts';
import { fullRepositoryJson } from './repository-json.ts';
import type { WorldParts } from './world-parts.ts';
import { fullName, type Repository } from './world-state.ts';

const MAX_COMPARED_FILES = 300;
/** Contents above 1 MB come only with the raw media type, above 100 MB not at all. */
const MAX_JSON_CONTENT = 1_000_000;

export function serveRepository(api: Hono, parts: WorldParts): void {
  const { state } = parts;
  const route = repositoryRoutes(api, parts);
  const base = (repository: Repository) => `${apiUrl(state)}/repos/${fullName(repository)}`;

  route('GET', '', { metadata: 'read' }, ({ repository }) => ({ json: fullRepositoryJson(state, repository) }));

  // By id: directly, or through the redirect after a rename. Everything is checked by the route it stands for.
  const byId = (c: Context): Response | Promise<Response> => {
    const repository = state.repositories.get(Number(c.req.param('id')));
    if (repository === undefined) {
      throw notFound();
    }
    const { pathname, search } = new URL(c.req.url);
    const rest = pathname.split(`/repositories/${c.req.param('id') ?? ''}`)[1] ?? '';
    return api.request(new Request(`${state.url}/repos/${fullName(repository)}${rest}${search}`, c.req.raw));
  };
  api.all('/repositories/:id{[0-9]+}', byId);
  api.all('/repositories/:id{[0-9]+}/*', byId);

  route('GET', '/collaborators/:login/permission', { metadata: 'read' }, (call) => {
    const login = call.param('login');
    const account = state.accounts.get(login);
    if (account === undefined) {
      throw notFound();
    }
    const role = call.repository.collaborators.get(login) ?? (call.repository.private ? 'none' : 'read');
    // `permission` knows four words; `role_name` knows all of them.
    const permission = role === 'maintain' ? 'write' : role === 'triage' ? 'read' : role;
    return {
      json: {
        permission,
        role_name: role,
        user: {
          ...accountJson(state, login),
          email: null,
          name: account.name,
          role_name: role,
          permissions: {
            admin: permits(role, 'admin'),
            maintain: permits(role, 'maintain'),
            push: permits(role, 'write'),
            triage: permits(role, 'triage'),
            pull: permits(role, 'read'),
          },
        },
      },
    };
  });

  route('GET', '/git/trees/:sha', { contents: 'read' }, async (call) => {
    const recursive = call.query('recursive') !== undefined;
    const tree = await listTree(call.repository.gitDir, call.param('sha'), recursive);
    if (tree === undefined) {
      throw notFound();
    }
    const limit = parts.faults.maxTreeEntries;
    return {
      json: {
        sha: tree.sha,
        url: `${base(call.repository)}/git/trees/${tree.sha}`,
        truncated: tree.entries.length > limit,
        tree: tree.entries.slice(0, limit).map((entry) => ({
          path: entry.path,
          mode: entry.mode,
          type: entry.type,
          sha: entry.sha,
          ...(entry.size === undefined ? {} : { size: entry.size }),
          ...(entry.type === 'commit' ? {} : { url: `${base(call.repository)}/git/${entry.type}s/${entry.sha}` }),
        })),
      },
    };
  });

  route('GET', '/contents/:path{.+}', { contents: 'read' }, async (call) => {
    const path = call.param('path');
    const ref = call.query('ref') ?? call.repository.defaultBranch;
    const commit = await tryRevision(call.repository.gitDir, ref);
    if (commit === undefined) {
      throw new ApiError(404, `No commit found for the ref ${ref}`);
    }
    const found = await objectAt(call.repository.gitDir, `${commit}:${path}`);
    if (found === undefined || found.type !== 'blob') {
      throw notFound();
    }
    if (call.accept.includes('raw')) {
      return { text: found.bytes.toString(), headers: { 'content-type': 'application/vnd.github.raw+json' } };
    }
    const url = `${base(call.repository)}/contents/${path}?ref=${ref}`;
    const html = `${state.url}/${fullName(call.repository)}/blob/${ref}/${path}`;
    const git = `${base(call.repository)}/git/blobs/${found.sha}`;
    const small = found.bytes.length <= MAX_JSON_CONTENT;
    return {
      json: {
        type: 'file',
        encoding: small ? 'base64' : 'none',
        content: small ? found.bytes.toString('base64') : '',
        size: found.bytes.length,
        name: path.split('/').at(-1) ?? path,
        path,
        sha: found.sha,
        url,
        git_url: git,
        html_url: html,
        download_url: null,
        _links: { self: url, git, html },
      },
    };
  });

  route('GET', '/commits/:ref', { contents: 'read' }, async (call) => {
    const sha = await tryRevision(call.repository.gitDir, call.param('ref'));
    const commit = sha === undefined ? undefined : await commitFacts(call.repository.gitDir, sha);
    if (commit === undefined) {
      throw new ApiError(422, `No commit found for SHA: ${call.param('ref')}`);
    }
    return { json: commitJson(state, call.repository, commit) };
  });

  route('GET', '/branches/:branch', { contents: 'read' }, async (call) => {
    const branch = call.param('branch');
    const commit = await commitFacts(call.repository.gitDir, `refs/heads/${branch}`);
    if (commit === undefined) {
      throw new ApiError(404, 'Branch not found');
    }
    return {
      json: {
        name: branch,
        commit: commitJson(state, call.repository, commit),
        protected: call.repository.branchRules.has(branch) || call.repository.protection.has(branch),
      },
    };
  });

  route('GET', '/git/ref/heads/:branch{.+}', { contents: 'read' }, async (call) => {
    const branch = call.param('branch');
    const commit = await commitFacts(call.repository.gitDir, `refs/heads/${branch}`);
    if (commit === undefined) {
      throw notFound();
    }
    const url = `${base(call.repository)}/git/commits/${commit.sha}`;
    return {
      json: {
        ref: `refs/heads/${branch}`,
        node_id: `REF_${commit.sha}`,
        url: `${base(call.repository)}/git/refs/heads/${branch}`,
        object: { type: 'commit', sha: commit.sha, url },
      },
    };
  });

  route('DELETE', '/git/refs/:ref{.+}', { contents: 'write' }, async (call) => {
    const ref = `refs/${call.param('ref')}`;
    const before = await tryRevision(call.repository.gitDir, ref);
    if (before === undefined) {
      throw new ApiError(422, 'Reference does not exist');
    }
    await deleteRef(call.repository.gitDir, ref);
    await refMoved(parts, call.repository, { ref, before, after: NO_COMMIT, sender: state.app.bot.login });
    return { status: 204 };
  });

  route('GET', '/activity', { contents: 'read' }, (call) => {
    const ref = call.query('ref');
    const full = ref === undefined || ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
    const found = call.repository.activity.filter((one) => full === undefined || one.ref === full).toReversed();
    const described = found.map((one) => ({
      id: one.id,
      node_id: `PSH_${one.id}`,
      before: one.before,
      after: one.after,
      ref: one.ref,
      timestamp: one.at,
      activity_type: one.type,
      actor: accountJson(state, one.actor),
    }));
    return page(call, described, `${base(call.repository)}/activity`);
  });

  route('GET', '/compare/:range', { contents: 'read' }, async (call) => {
    const { repository } = call;
    const [from = '', to = ''] = call.param('range').split('...');
    const a = await tryRevision(repository.gitDir, from);
    const b = await tryRevision(repository.gitDir, to);
    const common = a === undefined || b === undefined ? undefined : await mergeBase(repository.gitDir, a, b);
    if (a === undefined || b === undefined || common === undefined) {
      throw notFound();
    }
    const ahead = await countCommits(repository.gitDir, `${a}..${b}`);
    const behind = await countCommits(repository.gitDir, `${b}..${a}`);
    const commits = (await logOf(repository.gitDir, [`${a}..${b}`, '-250'])).toReversed();
    const [baseFacts, commonFacts] = [
      await commitFacts(repository.gitDir, a),
      await commitFacts(repository.gitDir, common),
    ];
    if (baseFacts === undefined || commonFacts === undefined) {
      throw notFound();
    }
    const url = `${base(repository)}/compare/${from}...${to}`;
    const html = `${state.url}/${fullName(repository)}/compare/${from}...${to}`;
    const files = await changedFiles(repository.gitDir, common, b);
    return {
      json: {
        url,
        html_url: html,
        permalink_url: html,
        diff_url: `${html}.diff`,
        patch_url: `${html}.patch`,
        base_commit: commitJson(state, repository, baseFacts),
        merge_base_commit: commitJson(state, repository, commonFacts),
        status: ahead > 0 && behind > 0 ? 'diverged' : ahead > 0 ? 'ahead' : behind > 0 ? 'behind' : 'identical',
        ahead_by: ahead,
        behind_by: behind,
        total_commits: ahead,
        commits: commits.map((one) => commitJson(state, repository, one)),
        files: files.slice(0, MAX_COMPARED_FILES).map((one) => diffEntryJson(state, repository, b, one)),
      },
    };
  });

  route('GET', '/rules/branches/:branch', { metadata: 'read' }, (call) => {
    const rules = call.repository.branchRules.get(call.param('branch')) ?? [];
    const described = rules.map((rule) => ({
      ...rule,
      ruleset_source_type: 'Repository',
      ruleset_source: fullName(call.repository),
      ruleset_id: 1,
    }));
    return page(call, described, `${base(call.repository)}/rules/branches/${call.param('branch')}`);
  });

  route('GET', '/branches/:branch/protection', { administration: 'read' }, (call) => {
    const found = call.repository.protection.get(call.param('branch'));
    if (found === undefined) {
      throw new ApiError(404, 'Branch not protected');
    }
    return { json: found };
  });

  api.get('/orgs/:org/teams/:slug/memberships/:login', async (c) => {
    const token = await requireToken(parts, c);
    const { org, slug, login } = c.req.param();
    if ((token.permissions.members ?? '') === '') {
      throw new ApiError(403, 'Resource not accessible by integration', undefined, {
        'x-accepted-github-permissions': 'members=read',
      });
    }
    const role = state.teams.get(`${org}/${slug}`)?.members.get(login);
    if (role === undefined) {
      throw notFound();
    }
    return respond({
      json: { url: `${apiUrl(state)}/orgs/${org}/teams/${slug}/memberships/${login}`, role, state: 'active' },
    });
  });

  api.get('/orgs/:org/teams/:slug/members', async (c) => {
    await requireToken(parts, c);
    const { org, slug } = c.req.param();
    const team = state.teams.get(`${org}/${slug}`);
    if (team === undefined) {
      throw notFound();
    }
    const members = [...team.members.keys()].map((login) => accountJson(state, login));
    return respond(
      page({ query: (key) => c.req.query(key) }, members, `${apiUrl(state)}/orgs/${org}/teams/${slug}/members`),
    );
  });
}
