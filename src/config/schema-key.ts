import { z } from 'zod';

/** Where the configuration of a pull request takes a top-level key from (see `key-trust.ts`). */
export interface KeyMeta {
  readonly description: string;
  /** What an absent key means; shown in the reference and in the JSON Schema. */
  readonly default?: unknown;
  /** Accepted so that old files work; the reference lists it apart. */
  readonly deprecated?: boolean;
}

/**
 * An optional key with its documentation. Defaults are written down here but applied after all sources are merged:
 * a default that were filled in per file would override what an earlier source says.
 */
export function key<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  meta?: Omit<KeyMeta, 'description'>,
) {
  return schema.optional().meta({ description, ...meta });
}

/** A required key with its documentation. */
export function required<Schema extends z.ZodType>(schema: Schema, description: string): Schema {
  return schema.meta({ description });
}

export const Text = z.string();
export const Flag = z.boolean();
export const Count = z.int().min(0);
export const Texts = z.array(z.string());
/** A command and its arguments. */
export const Command = z.array(z.string()).min(1);
export const Environment = z.record(z.string(), z.string());
export const Matches = z.array(z.string());
export const When = z.enum(['success', 'failure', 'always']);
