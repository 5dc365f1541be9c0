import type { Diagnostic } from '../domain/plan-model.ts';

export type FailureKind =
  | 'state-not-saved'
  | 'state-locked'
  | 'throttled'
  | 'permission'
  | 'exists'
  | 'quota'
  | 'timeout'
  | 'conflict'
  | 'network'
  | 'provider-crash'
  | 'other';

export interface FailureClass {
  readonly kind: FailureKind;
  /** What happened, as the beginning of a sentence. */
  readonly title: string;
  /** What to do, as a sentence. */
  readonly advice: string;
  /** Whether another try, with nothing changed, may succeed. */
  readonly retry: boolean;
}

/** Tried in order: the first that matches decides. Words are those of Terraform and of the big providers. */
const CLASSES: readonly (FailureClass & { readonly words: RegExp })[] = [
  {
    kind: 'state-not-saved',
    title: 'The state was not saved',
    advice: 'Some of the changes were made and are not in the state. Recover it before planning again.',
    retry: false,
    words: /failed to (?:save|persist) state|errored\.tfstate|error saving state/i,
  },
  {
    kind: 'state-locked',
    title: 'The state is locked',
    advice: 'Another run, or one that died, holds it. Find out who before freeing it.',
    retry: true,
    words: /error acquiring the state lock|state is locked|ConditionalCheckFailedException|lock info:/i,
  },
  {
    kind: 'throttled',
    title: 'The provider asked to slow down',
    advice: 'Nothing is wrong with the code: plan again and apply the rest.',
    retry: true,
    words: /throttl|rate exceeded|ratelimit|rate limit|too many requests|\b429\b|requestlimitexceeded|slow ?down/i,
  },
  {
    kind: 'quota',
    title: 'A quota is used up',
    advice: 'Raise the quota or ask for less, then plan again.',
    retry: false,
    words:
      /quota|limit ?exceeded|exceeded the (?:maximum|limit)|insufficient capacity|InsufficientInstanceCapacity|too many .{0,40} already/i,
  },
  {
    kind: 'permission',
    title: 'A permission is missing',
    advice: 'Give the apply role what the message names, then plan again.',
    retry: false,
    words:
      /access ?denied|unauthori[sz]ed|not authori[sz]ed|forbidden|\b403\b|permission.{0,20}denied|AuthorizationFailed|does not have .{0,60}permission/i,
  },
  {
    kind: 'exists',
    title: 'It exists already',
    advice: 'Somebody made it outside of this code. Import it with an `import` block, or remove it, then plan again.',
    retry: false,
    words: /already ?exists|AlreadyOwnedByYou|EntityAlreadyExists|duplicate|a resource with the id/i,
  },
  {
    kind: 'timeout',
    title: 'It took too long',
    advice: 'It may still finish by itself. Look at it, then plan again.',
    retry: true,
    words: /timed? ?out|timeout while waiting|context deadline exceeded/i,
  },
  {
    kind: 'conflict',
    title: 'Something else is using it',
    advice: 'Wait until it is free, or remove what depends on it, then plan again.',
    retry: true,
    words: /conflict|dependencyviolation|in use|operation .{0,40}in progress|being (?:modified|deleted)|\b409\b/i,
  },
  {
    kind: 'network',
    title: 'The network failed',
    advice: 'Nothing is wrong with the code: plan again and apply the rest.',
    retry: true,
    words:
      /connection (?:refused|reset)|no such host|i\/o timeout|TLS handshake|temporary failure in name resolution|\b50[234]\b/i,
  },
  {
    kind: 'provider-crash',
    title: 'The provider crashed',
    advice: 'Try once more; if it repeats, pin another version of the provider.',
    retry: true,
    words: /plugin (?:did not respond|exited)|provider produced (?:inconsistent|invalid)|rpc error|panic:/i,
  },
];

/** What kind of failure this is, by the first error that one of the classes knows. */
export function failureClass(diagnostics: readonly Diagnostic[]): FailureClass {
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity === 'error') {
      const text = `${diagnostic.summary}\n${diagnostic.detail ?? ''}`;
      const found = CLASSES.find((entry) => entry.words.test(text));
      if (found !== undefined) {
        return { kind: found.kind, title: found.title, advice: found.advice, retry: found.retry };
      }
    }
  }
  return {
    kind: 'other',
    title: 'The apply failed',
    advice: 'Mend what the message names, then plan again.',
    retry: false,
  };
}
