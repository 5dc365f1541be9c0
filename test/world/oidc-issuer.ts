import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, type JWK, SignJWT } from 'jose';
import { keyPairFor } from './key-pairs.ts';
import type { WorkflowRun } from './workflow-run.ts';
import { accountOf, fullName, repositoryById, type WorldState } from './world-state.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** Five minutes is what GitHub's tokens live. */
const LIFETIME_SECONDS = 300;

/** Plays token.actions.githubusercontent.com: signs the claims a job of ours really has. */
export class OidcIssuer {
  readonly #state: WorldState;
  readonly #key: CryptoKey;
  readonly #jwk: JWK;
  readonly kid: string;

  private constructor(state: WorldState, key: CryptoKey, jwk: JWK, kid: string) {
    this.#state = state;
    this.#key = key;
    this.#jwk = jwk;
    this.kid = kid;
  }

  static async create(state: WorldState): Promise<OidcIssuer> {
    const { publicKey, privateKey } = await keyPairFor('oidc');
    const kid = randomUUID();
    const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' };
    return new OidcIssuer(state, privateKey, jwk, kid);
  }

  get issuer(): string {
    return `${this.#state.url}/_oidc`;
  }

  configuration() {
    return {
      issuer: this.issuer,
      jwks_uri: `${this.issuer}/.well-known/jwks`,
      subject_types_supported: ['public', 'pairwise'],
      response_types_supported: ['id_token'],
      claims_supported: ['sub', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'ref', 'repository', 'run_id', 'environment'],
      id_token_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid'],
    };
  }

  jwks() {
    return { keys: [this.#jwk] };
  }

  /** Sign claims; with a key of somebody else the signature is worth nothing, but the `kid` still is ours. */
  sign(claims: Claims, key: CryptoKey = this.#key): Promise<string> {
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: this.kid }).sign(key);
  }

  /** What GitHub says of a run's job. All ids are texts, as in GitHub's tokens. */
  claimsOf(run: WorkflowRun, audience: string): Claims {
    const repository = repositoryById(this.#state, run.repositoryId);
    const name = fullName(repository);
    const seconds = Math.floor(this.#state.now().getTime() / 1000);
    const ref = `refs/heads/${run.headBranch}`;
    const workflowRef = `${name}/${run.workflowPath}@${ref}`;
    const subject = run.environment === undefined ? `ref:${ref}` : `environment:${run.environment}`;
    return {
      jti: randomUUID(),
      sub: `repo:${name}:${subject}`,
      aud: audience,
      ref,
      sha: run.headSha,
      repository: name,
      repository_owner: repository.owner,
      repository_owner_id: String(accountOf(this.#state, repository.owner).id),
      run_id: String(run.id),
      run_number: String(run.runNumber),
      run_attempt: String(run.runAttempt),
      repository_visibility: repository.private ? 'private' : 'public',
      repository_id: String(repository.id),
      actor_id: String(accountOf(this.#state, run.actor).id),
      actor: run.actor,
      workflow: run.workflowName,
      head_ref: '',
      base_ref: '',
      event_name: run.event,
      ref_protected: 'false',
      ref_type: 'branch',
      workflow_ref: workflowRef,
      workflow_sha: run.headSha,
      job_workflow_ref: workflowRef,
      job_workflow_sha: run.headSha,
      runner_environment: 'github-hosted',
      ...(run.environment === undefined ? {} : { environment: run.environment }),
      iss: this.issuer,
      nbf: seconds - LIFETIME_SECONDS,
      exp: seconds + LIFETIME_SECONDS,
      iat: seconds,
    };
  }
}
