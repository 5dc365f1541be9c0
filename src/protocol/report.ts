import * as z from 'zod/mini';
import type { ModuleIndex } from '../domain/change.ts';
import { PlanFactsMessage, PROTOCOL } from './messages.ts';
import { DiagnosticMessage, MAX_LIST, OutputMessage, PlanModelMessage, ResourceOutcomeMessage } from './plan-model.ts';
import { AskedGateMessage, MAX_GATES, MAX_STEPS, StepResultMessage } from './steps.ts';

/** Longest text of one outcome, in UTF-16 units: the end of what the engine printed, and only when nothing better is known. */
export const MAX_OUTCOME_TEXT = 64 * 1024;
/** Most dirspaces in one run. */
const MAX_TARGETS = 1_000;

const Uuid = z.string().check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/));
const Sha = z.string().check(z.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/));
const Code = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,59}$/));
const Count = z.number().check(z.int(), z.nonnegative());

/** Where a dirspace was when it ended: the last thing that was begun. */
export const OutcomePhase = z.enum([
  'checkout',
  'tool',
  'hook',
  'init',
  'plan',
  'step',
  'show',
  'store',
  'verify',
  'begin',
  'apply',
  'done',
]);
export type OutcomePhase = z.infer<typeof OutcomePhase>;

/** What became of one dirspace. `code` says why a thing was not done, or failed for another reason than the engine's. */
export const Outcome = z.strictObject({
  index: Count,
  state: z.enum(['planned', 'no-changes', 'plan-failed', 'applied', 'apply-failed', 'not-attempted', 'unknown']),
  phase: OutcomePhase,
  code: z.nullable(Code),
  model: z.nullable(PlanModelMessage),
  facts: z.nullable(PlanFactsMessage),
  planStored: z.boolean(),
  /** Of an apply: in the order in which it happened. */
  resources: z.array(ResourceOutcomeMessage).check(z.maxLength(MAX_LIST)),
  /** Of an apply: values as JSON text; without a value when sensitive. */
  outputs: z.array(OutputMessage).check(z.maxLength(MAX_LIST)),
  /** State serial and lineage after an apply; null when they could not be read. */
  serial: z.nullable(Count),
  lineage: z.nullable(z.string().check(z.maxLength(200))),
  diagnostics: z.array(DiagnosticMessage).check(z.maxLength(MAX_LIST)),
  text: z.string().check(z.maxLength(MAX_OUTCOME_TEXT)),
  /** The steps of the configuration that were carried out, in this order; absent: none but the engine's own. */
  steps: z.exactOptional(z.array(StepResultMessage).check(z.maxLength(MAX_STEPS))),
  /** Of a plan: approvals that its apply shall have. */
  gates: z.exactOptional(z.array(AskedGateMessage).check(z.maxLength(MAX_GATES))),
  durationMs: Count,
});
export type Outcome = z.infer<typeof Outcome>;

/** `POST /runner/v1/runs/{run}/report`: the one and only report of a run. `treeSha` is null when there was no merge. */
export const Report = z.strictObject({
  protocol: z.literal(PROTOCOL),
  run: Uuid,
  treeSha: z.nullable(Sha),
  problem: z.nullable(z.strictObject({ code: Code, message: z.string().check(z.maxLength(10_000)) })),
  outcomes: z.array(Outcome).check(z.maxLength(MAX_TARGETS)),
});
export type Report = z.infer<typeof Report>;

/** Longest configuration that a builder may print, in UTF-16 units: what the service reads from a file is no longer either. */
export const MAX_BUILT_CONFIG = 512_000;
/** Most files that a tree builder may name. */
export const MAX_BUILT_FILES = 50_000;
/** Longest text of a builder that failed, in UTF-16 units. */
export const MAX_BUILD_FAILURE = 10_000;

function built<T extends z.core.$ZodType>(value: T) {
  return z.discriminatedUnion('ok', [
    z.strictObject({ ok: z.literal(true), value }),
    z.strictObject({ ok: z.literal(false), message: z.string().check(z.maxLength(MAX_BUILD_FAILURE)) }),
  ]);
}

const RepoPath = z.string().check(z.minLength(1), z.maxLength(4_096));
const ModuleCalls = z.strictObject({
  modules: z.array(RepoPath).check(z.maxLength(MAX_LIST)),
  dependencies: z.exactOptional(z.array(RepoPath).check(z.maxLength(MAX_LIST))),
});

/** `POST /runner/v1/runs/{run}/discovery`: names of directories and what they call, never contents. */
export const Discovery = z.strictObject({
  protocol: z.literal(PROTOCOL),
  run: Uuid,
  treeSha: Sha,
  index: z.strictObject({
    paths: z.record(RepoPath, ModuleCalls),
    symlinks: z.array(z.readonly(z.tuple([RepoPath, RepoPath]))).check(z.maxLength(50_000)),
  }) satisfies z.ZodMiniType<ModuleIndex>,
  config: z.exactOptional(built(z.string().check(z.maxLength(MAX_BUILT_CONFIG)))),
  tree: z.exactOptional(
    built(
      z
        .array(z.strictObject({ path: RepoPath, changed: z.exactOptional(z.boolean()) }))
        .check(z.maxLength(MAX_BUILT_FILES)),
    ),
  ),
});
export type Discovery = z.infer<typeof Discovery>;

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /** The first few problems, as `path: what`. Names paths and rules, never the values that were sent. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** A report as it came in. Also refused: an outcome that is there twice. Whether the indexes are the run's own is the caller's question. */
export function parseReport(body: unknown): Parsed<Report> {
  const parsed = read(Report, body);
  if (
    parsed.ok &&
    new Set(parsed.value.outcomes.map((outcome) => outcome.index)).size !== parsed.value.outcomes.length
  ) {
    return { ok: false, problems: ['outcomes: a dirspace is there twice'] };
  }
  return parsed;
}

/** What a runner found in a checkout, as it came in. */
export function parseDiscovery(body: unknown): Parsed<Discovery> {
  return read(Discovery, body);
}

function read<T>(schema: z.ZodMiniType<T>, body: unknown): Parsed<T> {
  const result = schema.safeParse(body);
  if (result.success) {
    return { ok: true, value: result.data };
  }
  const problems = result.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.').slice(0, 200) || 'body'}: ${issue.code}`);
  return { ok: false, problems };
}
