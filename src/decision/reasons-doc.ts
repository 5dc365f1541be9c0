import { REASONS } from '../domain/reason.ts';

/** `docs/reasons.md`: every reason code with its text. Generated, so that it cannot lag behind the catalogue. */
export function reasonsDoc(): string {
  const codes = Object.entries(REASONS).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '# Reasons',
    '',
    'Every event that Plumbline handles ends with exactly one of these codes, and every rule that was asked leaves one in the',
    'trace of the decision. `plumbline explain` and each refusal name them. The codes are stable; the texts may change.',
    '',
    'This file is generated from `src/domain/reason.ts`.',
    '',
    '| Code | What it says |',
    '|---|---|',
    ...codes.map(([code, text]) => `| \`${code}\` | ${text.replaceAll('|', '\\|')} |`),
    '',
  ].join('\n');
}
