import * as z from 'zod/mini';
import { AskedGateMessage, MAX_GATES, RunHooksMessage, RunnerStepMessage } from './steps.ts';

/** The version of what backend and runner say to each other. A runner of another version is refused with the version to pin. */
export const PROTOCOL = 2;

/** Largest plan file that is stored, in bytes. */
export const MAX_PLAN_BYTES = 32 * 1024 * 1024;
/** What sealing adds to a plan file: the 24-byte nonce in front and the 16-byte tag behind (XChaCha20-Poly1305). */
export const SEAL_OVERHEAD_BYTES = 40;
/** Largest report body, in bytes. */
export const MAX_REPORT_BYTES = 25 * 1024 * 1024;
/** Room for everything in a report that is not of one dirspace alone. */
const FRAME_BYTES = 2 * 1024 * 1024;
/** A model above this tells nobody more: what is shown of it is far smaller. */
const MAX_MODEL_BYTES = 1024 * 1024;

/** How much of a report one of so many dirspaces may take, and its model within that. In bytes. Of both sides' making: an apply caps the model as its plan did. */
export function reportShare(dirspaces: number): { readonly bytes: number; readonly modelBytes: number } {
  const bytes = Math.floor((MAX_REPORT_BYTES - FRAME_BYTES) / Math.max(1, dirspaces));
  return { bytes, modelBytes: Math.min(MAX_MODEL_BYTES, Math.floor(bytes / 2)) };
}

/** Largest answer to "what was shown", in bytes: a capped model as JSON, and the gates beside it. */
export const MAX_SHOWN_BYTES = 4 * 1024 * 1024;
/** Largest discovery body, in bytes. */
export const MAX_DISCOVERY_BYTES = 8 * 1024 * 1024;
export const HEARTBEAT_MS = 15_000;

const Uuid = z.string().check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/));
const Sha = z.string().check(z.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/));
const Digest = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const Count = z.number().check(z.int(), z.nonnegative());

/** `POST /runner/v1/claim`, with the GitHub OIDC token as bearer. */
export const ClaimRequest = z.strictObject({ protocol: z.number(), run: Uuid });
export type ClaimRequest = z.infer<typeof ClaimRequest>;

export const PlanFactsMessage = z.strictObject({
  headSha: Sha,
  baseSha: Sha,
  treeSha: Sha,
  backendFingerprint: z.string().check(z.maxLength(200)),
  tool: z.string().check(z.maxLength(40)),
  toolVersion: z.string().check(z.maxLength(80)),
  toolSha256: Digest,
  lockFileSha256: z.string().check(z.maxLength(64)),
  flags: z.array(z.string().check(z.maxLength(1000))).check(z.maxLength(100)),
  configDigest: z.string().check(z.maxLength(64)),
  planSha256: Digest,
  planBytes: Count,
  digest: Digest,
  lineage: z.string().check(z.maxLength(200)),
  serial: Count,
});

/** One dirspace in a manifest. `seal`: a plan run encrypts its plan with it. `plan`: an apply run opens and checks this plan. */
export const ManifestTarget = z.strictObject({
  index: Count,
  dir: z.string(),
  workspace: z.string(),
  engine: z.enum(['terraform', 'tofu']),
  version: z.nullable(z.string()),
  createWorkspace: z.boolean(),
  /** What is done, in this order; absent: init and plan, or init and apply. */
  steps: z.exactOptional(z.readonly(z.array(RunnerStepMessage))),
  /** Of an apply: the steps of the plan that can stop it or ask for a gate, and what they need; done again on the plan file. */
  gateSteps: z.exactOptional(z.readonly(z.array(RunnerStepMessage))),
  /** Stack variables: environment of every step. */
  variables: z.exactOptional(z.record(z.string(), z.string())),
  stack: z.exactOptional(z.string()),
  seal: z.optional(z.strictObject({ planId: Uuid, key: z.string(), aad: z.string() })),
  plan: z.optional(z.strictObject({ planId: Uuid, key: z.string(), aad: z.string(), facts: PlanFactsMessage })),
});
export type ManifestTarget = z.infer<typeof ManifestTarget>;

/** What the runner is told. Never a secret value but the run's own one-time keys. */
export const Manifest = z.strictObject({
  protocol: z.number(),
  run: Uuid,
  kind: z.enum(['plan', 'apply']),
  headSha: Sha,
  baseSha: Sha,
  baseRef: z.string(),
  pull: Count,
  flags: z.array(z.string()),
  autoapprove: z.boolean(),
  parallel: Count,
  stepTimeoutMs: Count,
  configDigest: z.string(),
  /** Base64; HMAC key for sensitive leaves, one per repository. */
  digestKey: z.string(),
  /** What is done once, around all dirspaces; absent: nothing. */
  hooks: z.exactOptional(RunHooksMessage),
  targets: z.array(ManifestTarget),
});
export type Manifest = z.infer<typeof Manifest>;

/** Answer to a claim, to discovery, and to `GET /runner/v1/runs/{run}/manifest`. The token is in the first answer only. */
export const NextStep = z.discriminatedUnion('next', [
  z.strictObject({ next: z.literal('manifest'), token: z.optional(z.string()), manifest: Manifest }),
  z.strictObject({
    next: z.literal('discover'),
    token: z.optional(z.string()),
    headSha: Sha,
    baseSha: Sha,
    baseRef: z.string(),
    /** Scripts of the configuration that are run as well, in a copy of the checkout. */
    build: z.exactOptional(
      z.strictObject({
        config: z.exactOptional(z.strictObject({ script: z.string(), input: z.string() })),
        tree: z.exactOptional(z.strictObject({ script: z.string() })),
      }),
    ),
  }),
  z.strictObject({ next: z.literal('wait'), token: z.optional(z.string()), retryAfterMs: Count }),
  z.strictObject({ next: z.literal('stop'), token: z.optional(z.string()), code: z.string(), message: z.string() }),
]);
export type NextStep = z.infer<typeof NextStep>;

/** `GET /runner/v1/runs/{run}/plans/{plan}/shown`: what people read of a plan, for the apply that must find the same in its file. */
export const ShownPlan = z.strictObject({
  /** As it is stored and shown. Compared, never used: so its shape is not looked at. */
  model: z.unknown(),
  /** What the plan's job had to cap its model to. */
  modelBytes: Count,
  /** Gates that the plan's job reported. All of them are approved or waived when an apply may ask. */
  gates: z.array(AskedGateMessage).check(z.maxLength(MAX_GATES)),
});
export type ShownPlan = z.infer<typeof ShownPlan>;

/** `POST /runner/v1/runs/{run}/heartbeat`. */
export const HeartbeatAnswer = z.strictObject({ cancel: z.boolean() });
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

/** `POST /runner/v1/runs/{run}/begun`: the apply starts to change things now; the plans' keys are destroyed. */
export const BegunRequest = z.strictObject({ indexes: z.array(Count) });
export type BegunRequest = z.infer<typeof BegunRequest>;

/** What every refusal of the runner API looks like. */
export const ErrorAnswer = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string() }),
});
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;
