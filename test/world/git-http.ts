import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { Context, Hono } from 'hono';
import { ApiError } from './api-error.ts';
import { identify, requireReach, suffices } from './app-token.ts';
import { git } from './git-command.ts';
import { NO_COMMIT, refMoved } from './push-event.ts';
import type { WorldParts } from './world-parts.ts';
import { type Repository, repositoryByName } from './world-state.ts';

/** Git over HTTP, as github.com serves it: Basic `x-access-token:TOKEN`, contents read to fetch, write to push. */
export function serveGit(app: Hono, parts: WorldParts): void {
  app.get('/:owner/:repo/info/refs', (c) =>
    serve(c, parts, 'info/refs', c.req.query('service') === 'git-receive-pack'),
  );
  app.post('/:owner/:repo/git-upload-pack', (c) => serve(c, parts, 'git-upload-pack', false));
  app.post('/:owner/:repo/git-receive-pack', (c) => serve(c, parts, 'git-receive-pack', true));
}

async function serve(c: Context, parts: WorldParts, service: string, write: boolean): Promise<Response> {
  const name = (c.req.param('repo') ?? '').replace(/\.git$/, '');
  const repository = repositoryByName(parts.state, c.req.param('owner') ?? '', name);
  const refusal = await refuse(c, parts, repository, write);
  if (refusal !== undefined || repository === undefined) {
    return refusal ?? plain(404, 'Repository not found.');
  }
  if (service !== 'git-receive-pack') {
    return backend(c, repository, service);
  }
  const before = await refs(repository);
  const response = await backend(c, repository, service);
  const after = await refs(repository);
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    const move = { ref, before: before.get(ref) ?? NO_COMMIT, after: after.get(ref) ?? NO_COMMIT };
    if (move.before !== move.after) {
      await refMoved(parts, repository, { ...move, sender: parts.state.app.bot.login });
    }
  }
  return response;
}

async function refuse(
  c: Context,
  parts: WorldParts,
  repository: Repository | undefined,
  write: boolean,
): Promise<Response | undefined> {
  const authorization = c.req.header('authorization');
  if (authorization === undefined) {
    return plain(401, 'No anonymous access.', { 'www-authenticate': 'Basic realm="GitHub"' });
  }
  try {
    const caller = await identify(parts.state, authorization);
    if (caller.kind !== 'token' || repository === undefined) {
      return plain(404, 'Repository not found.');
    }
    requireReach(parts.state, caller.token, repository);
    const level = write ? 'write' : 'read';
    return suffices(caller.token.permissions, { contents: level })
      ? undefined
      : plain(403, `Permission to ${repository.owner}/${repository.name}.git denied.`);
  } catch (error) {
    if (error instanceof ApiError) {
      const challenge: Record<string, string> =
        error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
      return plain(error.status, error.message, challenge);
    }
    throw error;
  }
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain', ...headers } });
}

async function refs(repository: Repository): Promise<Map<string, string>> {
  const text = await git(repository.gitDir, [
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads',
    'refs/tags',
  ]);
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(41), line.slice(0, 40)]),
  );
}

/** Hand the request to `git http-backend`, which speaks CGI. */
async function backend(c: Context, repository: Repository, service: string): Promise<Response> {
  const body = Buffer.from(await c.req.arrayBuffer());
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    GIT_PROJECT_ROOT: dirname(repository.gitDir),
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    PATH_INFO: `/${repository.id}.git/${service}`,
    REQUEST_METHOD: c.req.method,
    QUERY_STRING: new URL(c.req.url).search.slice(1),
    CONTENT_TYPE: c.req.header('content-type') ?? '',
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: c.req.header('content-encoding') ?? '',
    GIT_PROTOCOL: c.req.header('git-protocol') ?? '',
    REMOTE_USER: 'x-access-token',
    REMOTE_ADDR: '127.0.0.1',
  };
  const output = await new Promise<Buffer>((resolve, reject) => {
    const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(chunks)));
    child.stdin.end(body);
  });
  return cgiResponse(output);
}

function cgiResponse(output: Buffer): Response {
  const end = output.indexOf('\r\n\r\n');
  const headers = new Headers();
  let status = 200;
  for (const line of output.subarray(0, end).toString().split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') {
      status = Number(value.slice(0, 3));
    } else {
      headers.set(name, value);
    }
  }
  return new Response(new Uint8Array(output.subarray(end + 4)), { status, headers });
}
