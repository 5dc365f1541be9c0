import type { PlanModel } from '../domain/plan-model.ts';
import { storableText } from '../domain/storable-text.ts';
import { capPlan } from './cap-plan.ts';

/**
 * Words that the engine's schema or this product chose. They are never masked: a secret that happens to be called
 * `create` must not turn an action into stars.
 */
export const WORD_KEYS: ReadonlySet<string> = new Set([
  'action',
  'digest',
  'engineVersion',
  'kind',
  'mode',
  'of',
  'order',
  'provider',
  'reason',
  'severity',
  'status',
  'type',
  'why',
]);

/**
 * A model as its job sends it and as people read it: capped first, then each text as the database keeps it and without
 * what `mask` hides, so that a cut cannot leave half a secret. An apply makes it again from the plan file, to compare it
 * with what was shown; nothing but the plan file and `maxBytes` may go into it, and only `mask` may differ.
 */
export function wireModel(
  model: PlanModel,
  how: { readonly maxBytes: number; readonly mask: (text: string) => string },
): unknown {
  return overTexts(capPlan(model, { maxBytes: how.maxBytes }), '', (text, key) =>
    WORD_KEYS.has(key) ? storableText(text) : how.mask(storableText(text)),
  );
}

function overTexts(value: unknown, key: string, change: (text: string, key: string) => string): unknown {
  if (typeof value === 'string') {
    return change(value, key);
  }
  if (Array.isArray(value)) {
    return value.map((entry) => overTexts(entry, key, change));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, overTexts(entry, name, change)]));
  }
  return value;
}
