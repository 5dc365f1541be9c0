/**
 * The one catalogue of reason codes: what decided an event, why a rule refused, why a run ended, why a plan was erased.
 * The text is for people and may name what to do next; codes are stable. `docs/reasons.md` is generated from it.
 */
export const REASONS = {
  // Ignored
  'unknown-event': 'This kind of event is not one that Plumbline acts on.',
  'own-event': 'Plumbline caused this itself.',
  'not-a-command': 'The comment is not a command.',
  'bot-comment': 'Comments of bots are never commands.',
  'not-our-run': 'This Actions run was not started by Plumbline.',
  'nothing-to-do': 'Nothing has to be done for this event.',
  'no-pull-request': 'The comment stands on an issue, not on a pull request.',
  'pull-closed': 'The pull request is closed.',
  'installation-gone': 'The App is not installed here any more.',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASONS;
