import { RunnerFailure } from './runner-failure.ts';

type Env = Readonly<Record<string, string | undefined>>;

const TIMEOUT_MS = 10_000;
const TRIES = 3;

/**
 * A fresh OIDC token of the job for one audience. Throws `RunnerFailure` that says which permission is missing. Unlike the
 * toolkit's function it prints nothing, so that no token is in a log outside of Actions. Source: GitHub's "OpenID
 * Connect reference", methods for requesting the token.
 */
export async function requestIdToken(env: Env, audience: string): Promise<string> {
  const url = env.ACTIONS_ID_TOKEN_REQUEST_URL;
  const bearer = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN;
  if (url === undefined || bearer === undefined || !URL.canParse(url)) {
    throw new RunnerFailure(
      'no-id-token',
      'The job has no id token. Add `permissions: {contents: read, id-token: write}` to the workflow.',
    );
  }
  const asked = new URL(url);
  asked.searchParams.set('audience', audience);
  for (let tries = 1; ; tries += 1) {
    const answer = await ask(asked, bearer);
    if (answer.token !== null) {
      return answer.token;
    }
    if (tries >= TRIES || !answer.again) {
      throw new RunnerFailure('no-id-token', `GitHub gave no id token: ${answer.why}.`);
    }
  }
}

async function ask(url: URL, bearer: string) {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${bearer}`, accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = response.ok ? await response.json() : null;
    const token = typeof body === 'object' && body !== null && 'value' in body ? body.value : null;
    return typeof token === 'string'
      ? { token, again: false, why: '' }
      : { token: null, again: response.status >= 500, why: `status ${response.status}` };
  } catch {
    return { token: null, again: true, why: 'no answer' };
  }
}
