import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Instant } from '../domain/instant.ts';
import type { Fetch } from './github-fetch.ts';

/** What the token of a run of ours must say (DESIGN section 6). */
export interface ExpectedRunner {
  readonly audience: string;
  readonly repositoryId: number;
  readonly ownerId: number;
  /** Our App's bot: nobody else starts runs of ours. */
  readonly botId: number;
  readonly workflowPath: string;
  readonly defaultBranch: string;
  /** Null until the first valid claim binds the run. */
  readonly githubRunId: number | null;
  readonly environment: string | null;
  readonly now: Instant;
}

/** The claims that are used further. `jti` is kept until `expiresAt`, so that a token counts once. */
interface RunnerClaims {
  readonly jti: string;
  readonly expiresAt: Instant;
  readonly githubRunId: number;
  readonly repositoryId: number;
  readonly repository: string;
  readonly sha: string;
}

type TokenRefusal =
  | 'token-malformed'
  | 'token-forged'
  | 'token-expired'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'wrong-repository'
  | 'wrong-owner'
  | 'wrong-actor'
  | 'wrong-event'
  | 'wrong-ref'
  | 'wrong-workflow'
  | 'wrong-run'
  | 'second-attempt'
  | 'wrong-environment'
  | 'token-too-old'
  | 'issuer-unreachable';

export type RunnerIdentity =
  | { readonly ok: true; readonly claims: RunnerClaims }
  | { readonly ok: false; readonly code: TokenRefusal; readonly message: string };

/** Keys of a token issuer. `verify` proves that it made a token; what the token says is checked by the caller. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
}

const MAX_AGE_SECONDS = 600;
/** Clocks of ours and GitHub's may differ by this much. */
const TOLERANCE_SECONDS = 30;

/** The issuer's keys are fetched when first needed, kept for ten minutes, and fetched again for a key not seen yet. */
export function createTokenIssuer(issuer: string, fetch?: Fetch): TokenIssuer {
  const url = new URL(`${issuer.replace(/\/+$/, '')}/.well-known/jwks`);
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: 10_000,
    cooldownDuration: 10_000,
    cacheMaxAge: 600_000,
    ...(fetch === undefined ? {} : { [customFetch]: fetch }),
  });
  return { issuer, keys };
}

/**
 * Is this the GitHub OIDC token of the run that we dispatched? Every claim is checked by itself and the first that is
 * wrong is named; only RS256 by the issuer's own keys counts. Never throws for what is in the token.
 * https://docs.github.com/actions/reference/security/oidc
 */
export async function verifyRunnerToken(
  issuer: TokenIssuer,
  token: string,
  expected: ExpectedRunner,
): Promise<RunnerIdentity> {
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, issuer.keys, {
      issuer: issuer.issuer,
      audience: expected.audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iat', 'jti', 'aud', 'iss'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(expected.now),
    }));
  } catch (error) {
    return refusalOf(error);
  }
  return checkClaims(payload, expected);
}

/** The claims of a token whose signature, issuer, audience and expiry were checked. */
function checkClaims(payload: JWTPayload, expected: ExpectedRunner): RunnerIdentity {
  const claim = (name: string): string => {
    const value = payload[name];
    return typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : '';
  };
  const seconds = expected.now / 1_000;
  const { iat, exp, jti } = payload;
  if (iat === undefined || exp === undefined || jti === undefined || jti === '') {
    return refuse('token-malformed', 'The token lacks iat, exp or jti.');
  }
  if (iat > seconds + TOLERANCE_SECONDS || seconds - iat > MAX_AGE_SECONDS + TOLERANCE_SECONDS) {
    return refuse('token-too-old', 'The token was not issued within the last ten minutes.');
  }
  if (claim('repository_id') !== `${expected.repositoryId}`) {
    return refuse('wrong-repository', 'The token is of another repository.');
  }
  if (claim('repository_owner_id') !== `${expected.ownerId}`) {
    return refuse('wrong-owner', 'The token is of a repository with another owner.');
  }
  if (claim('actor_id') !== `${expected.botId}`) {
    return refuse('wrong-actor', 'The run was not started by Plumbline. Comment `plumbline plan` on the pull request.');
  }
  if (claim('event_name') !== 'workflow_dispatch') {
    return refuse('wrong-event', 'The run was not started by a workflow dispatch.');
  }
  if (claim('run_attempt') !== '1') {
    return refuse('second-attempt', 'A run is never re-run on GitHub. Comment `plumbline plan` to start a new one.');
  }
  const ref = `refs/heads/${expected.defaultBranch}`;
  if (claim('ref') !== ref) {
    return refuse('wrong-ref', `The run is not on the default branch, ${expected.defaultBranch}.`);
  }
  const repository = claim('repository');
  if (claim('workflow_ref') !== `${repository}/${expected.workflowPath}@${ref}`) {
    return refuse('wrong-workflow', `The run is not of ${expected.workflowPath} on ${expected.defaultBranch}.`);
  }
  const githubRunId = Number(claim('run_id'));
  if (!Number.isSafeInteger(githubRunId) || githubRunId <= 0) {
    return refuse('token-malformed', 'The token names no run.');
  }
  if (expected.githubRunId !== null && githubRunId !== expected.githubRunId) {
    return refuse('wrong-run', 'The token is of another run than the one that was dispatched.');
  }
  if (claim('environment') !== (expected.environment ?? '')) {
    return refuse(
      'wrong-environment',
      `The run is not in the environment it was asked to use: ${expected.environment ?? 'none'}.`,
    );
  }
  return {
    ok: true,
    claims: {
      jti,
      expiresAt: exp * 1_000,
      githubRunId,
      repositoryId: expected.repositoryId,
      repository,
      sha: claim('sha'),
    },
  };
}

function refuse(code: TokenRefusal, message: string): RunnerIdentity {
  return { ok: false, code, message };
}

function refusalOf(error: unknown): RunnerIdentity {
  if (error instanceof errors.JWTExpired) {
    return refuse('token-expired', 'The token has expired.');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'iss'
      ? refuse('wrong-issuer', 'The token is of another issuer.')
      : error.claim === 'aud'
        ? refuse('wrong-audience', 'The token was made for another address than ours.')
        : refuse('token-malformed', `The token's ${error.claim} is missing or wrong.`);
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return refuse('token-forged', 'The token is not signed by its issuer.');
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  ) {
    return refuse('token-malformed', 'This is no token.');
  }
  // What is left is the way to the issuer: no answer, no key set, a time-out. The runner may try again.
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return refuse('issuer-unreachable', "The issuer's keys could not be fetched; try again.");
  }
  throw error;
}
