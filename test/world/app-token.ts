import { randomBytes } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { ApiError } from './api-error.ts';
import { covers, type Installation, type IssuedToken, type Repository, type WorldState } from './world-state.ts';

/** Who makes a call: the App itself (JWT), or a token that may do some things in some repositories. */
export type Caller = { readonly kind: 'app' } | { readonly kind: 'token'; readonly token: IssuedToken };

const ONE_HOUR_MS = 3_600_000;

/** Find out who calls. Throws 401 in GitHub's words; clock skew allowed for a JWT is GitHub's 60 s for `iat`. */
export async function identify(state: WorldState, authorization: string | undefined): Promise<Caller> {
  const [scheme = '', credential = ''] = (authorization ?? '').split(' ');
  if (authorization === undefined || credential === '') {
    throw new ApiError(401, 'Requires authentication');
  }
  if (/^bearer$/i.test(scheme) && credential.split('.').length === 3) {
    await verifyAppJwt(state, credential);
    return { kind: 'app' };
  }
  const issued = state.tokens.get(/^basic$/i.test(scheme) ? basicPassword(credential) : credential);
  if (issued === undefined || issued.expiresAt <= state.now().getTime()) {
    throw new ApiError(401, 'Bad credentials');
  }
  return { kind: 'token', token: issued };
}

async function verifyAppJwt(state: WorldState, jwt: string): Promise<void> {
  const key = await importSPKI(state.app.publicKeyPem, 'RS256');
  const now = state.now();
  let payload: Awaited<ReturnType<typeof jwtVerify>>['payload'];
  try {
    ({ payload } = await jwtVerify(jwt, key, { algorithms: ['RS256'], currentDate: now }));
  } catch {
    throw new ApiError(401, 'A JSON web token could not be decoded');
  }
  const seconds = Math.floor(now.getTime() / 1000);
  const { iat, exp } = payload;
  if (iat === undefined || iat > seconds + 60) {
    throw new ApiError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (exp === undefined || exp > seconds + 600) {
    throw new ApiError(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (String(payload.iss) !== String(state.app.id) && payload.iss !== state.app.clientId) {
    throw new ApiError(401, 'Integration not found');
  }
}

/** The password of a Basic credential: git sends `x-access-token:TOKEN`. */
function basicPassword(credential: string): string {
  const text = Buffer.from(credential, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

/** Mint a token of an installation, narrowed as asked; permissions cannot be widened (422). */
export function mintInstallationToken(
  state: WorldState,
  installation: Installation,
  narrowed: {
    readonly repositoryIds?: readonly number[];
    readonly permissions?: Readonly<Record<string, string>>;
    readonly lifetimeMs?: number;
    readonly kind?: IssuedToken['kind'];
  } = {},
): IssuedToken {
  const permissions = narrowed.permissions ?? installation.permissions;
  for (const [name, level] of Object.entries(permissions)) {
    if (!suffices(installation.permissions, { [name]: level })) {
      throw new ApiError(422, 'The permissions requested are not granted to this installation.');
    }
  }
  const issued: IssuedToken = {
    token: `ghs_${randomBytes(27).toString('base64url').replaceAll(/[-_]/g, '0')}`,
    kind: narrowed.kind ?? 'installation',
    installationId: installation.id,
    permissions: { metadata: 'read', ...permissions },
    repositoryIds: narrowed.repositoryIds === undefined ? undefined : new Set(narrowed.repositoryIds),
    expiresAt: state.now().getTime() + (narrowed.lifetimeMs ?? ONE_HOUR_MS),
  };
  state.tokens.set(issued.token, issued);
  return issued;
}

const LEVEL: Readonly<Record<string, number>> = { read: 1, write: 2, admin: 3 };

/** True if one of the needed permissions is held at its level or a higher one. */
export function suffices(held: Readonly<Record<string, string>>, anyOf: Readonly<Record<string, string>>): boolean {
  return Object.entries(anyOf).some(([name, level]) => (LEVEL[held[name] ?? ''] ?? 0) >= (LEVEL[level] ?? 9));
}

/** Throw as GitHub does unless this token reaches the repository: 404 for a foreign one, 403 when suspended. */
export function requireReach(state: WorldState, token: IssuedToken, repository: Repository): void {
  const installation = state.installations.get(token.installationId);
  if (installation === undefined || installation.deleted) {
    throw new ApiError(401, 'Bad credentials');
  }
  if (installation.suspendedAt !== null) {
    throw new ApiError(403, 'This installation has been suspended');
  }
  const within = token.repositoryIds === undefined || token.repositoryIds.has(repository.id);
  if (!within || !covers(installation, repository)) {
    throw new ApiError(404, 'Not Found');
  }
}

/** 403 with the header that names what would have sufficed. */
export function requirePermission(token: IssuedToken, anyOf: Readonly<Record<string, string>>): void {
  if (!suffices(token.permissions, anyOf)) {
    const accepted = Object.entries(anyOf)
      .map(([name, level]) => `${name}=${level}`)
      .join('; ');
    throw new ApiError(403, 'Resource not accessible by integration', undefined, {
      'x-accepted-github-permissions': accepted,
    });
  }
}
