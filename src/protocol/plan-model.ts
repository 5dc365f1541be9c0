import * as z from 'zod/mini';
import type { Diagnostic, OutputValue, PlanModel, ResourceOutcome } from '../domain/plan-model.ts';

/** Most resources, outputs or diagnostics in one list of a report; what is above was left out by the runner. */
export const MAX_LIST = 5_000;
/** Longest single text inside a plan model, in UTF-16 units. A value longer than this is cut by the runner. */
export const MAX_MODEL_TEXT = 64 * 1024;

const Text = z.string().check(z.maxLength(MAX_MODEL_TEXT));
/** Module paths make addresses long, but nobody reads ten kilobytes of one. */
const Name = z.string().check(z.maxLength(10_000));
const Count = z.number().check(z.int(), z.nonnegative());

function list<T extends z.core.$ZodType>(item: T, most = MAX_LIST) {
  return z.array(item).check(z.maxLength(most));
}

const Leaf = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('value'), value: z.nullable(z.union([Text, z.number(), z.boolean()])) }),
  z.strictObject({ kind: z.literal('collection'), of: z.enum(['list', 'map']), size: Count }),
  z.strictObject({
    kind: z.literal('hidden'),
    digest: z.string().check(z.maxLength(128)),
    why: z.enum(['sensitive', 'name', 'looks-like-secret', 'environment']),
  }),
  z.strictObject({ kind: z.literal('unknown') }),
]);

const AttributeChange = z.strictObject({
  path: z.array(z.union([Name, z.number().check(z.int())])).check(z.maxLength(200)),
  before: z.exactOptional(Leaf),
  after: z.exactOptional(Leaf),
  forcesReplace: z.exactOptional(z.literal(true)),
  jsonFrom: z.exactOptional(Count),
  reordered: z.exactOptional(list(Count)),
});

const ChangeAction = z.enum(['create', 'update', 'delete', 'replace', 'read', 'forget', 'none']);

const ResourceChange = z.strictObject({
  address: Name,
  module: z.exactOptional(Name),
  mode: z.enum(['managed', 'data']),
  type: Name,
  name: Name,
  provider: Name,
  action: ChangeAction,
  order: z.exactOptional(z.enum(['delete-first', 'create-first'])),
  reason: z.exactOptional(Name),
  importId: z.exactOptional(Name),
  movedFrom: z.exactOptional(Name),
  deposed: z.exactOptional(Name),
  attributes: list(AttributeChange),
  unchanged: Count,
  omitted: z.exactOptional(Count),
});

/** What the engine complains of. Part of reports as well as of plan models. */
export const DiagnosticMessage = z.strictObject({
  severity: z.enum(['error', 'warning']),
  summary: Text,
  detail: z.exactOptional(Text),
  address: z.exactOptional(Name),
  file: z.exactOptional(Name),
  line: z.exactOptional(Count),
  endLine: z.exactOptional(Count),
  column: z.exactOptional(Count),
}) satisfies z.ZodMiniType<Diagnostic>;

export const ResourceOutcomeMessage = z.strictObject({
  address: Name,
  action: ChangeAction,
  outcome: z.enum(['done', 'failed', 'started', 'not-attempted']),
  id: z.exactOptional(Name),
  seconds: z.exactOptional(z.number().check(z.nonnegative())),
}) satisfies z.ZodMiniType<ResourceOutcome>;

export const OutputMessage = z.strictObject({
  name: Name,
  value: z.exactOptional(Text),
}) satisfies z.ZodMiniType<OutputValue>;

/** A plan model as an untrusted runner sends it: every list and text has a largest size. */
export const PlanModelMessage = z.strictObject({
  version: z.literal(1),
  engineVersion: z.exactOptional(Name),
  hasChanges: z.boolean(),
  counts: z.strictObject({
    create: Count,
    update: Count,
    delete: Count,
    replace: Count,
    import: Count,
    move: Count,
    forget: Count,
    read: Count,
  }),
  changes: list(ResourceChange),
  outputs: list(
    z.strictObject({
      name: Name,
      action: z.enum(['create', 'update', 'delete']),
      attributes: list(AttributeChange),
    }),
  ),
  drift: list(ResourceChange),
  checks: list(
    z.strictObject({
      address: Name,
      kind: Name,
      status: z.enum(['pass', 'fail', 'error', 'unknown']),
      problems: list(Text),
    }),
  ),
  deferred: list(z.strictObject({ address: Name, reason: Name, action: ChangeAction })),
  diagnostics: list(DiagnosticMessage),
  providers: list(z.strictObject({ name: Name, constraint: Name })),
  provisioners: list(Name),
  hidden: Count,
  left: z.exactOptional(z.strictObject({ resources: Count, attributes: Count })),
  text: z.exactOptional(Text),
  problem: z.exactOptional(Text),
}) satisfies z.ZodMiniType<PlanModel>;
