import type { Actor } from '../domain/event.ts';
import { type Known, known, unknown } from '../domain/known.ts';

/** Selections that several queries share, beside the shape of what they answer. */
export const actorFields =
  '__typename login ... on User { databaseId } ... on Bot { databaseId } ... on Mannequin { databaseId }';

export const fileFields = 'mode object { ... on Blob { text isTruncated isBinary byteSize } }';

/** `after` is empty for the first page, else `, after: $cursor`. `number` is the variable with the pull request's number. */
export function checksFields(after: string, number: string): string {
  return `statusCheckRollup { contexts(first: 100${after}) {
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename
      ... on CheckRun {
        name status conclusion startedAt isRequired(pullRequestNumber: ${number})
        checkSuite { app { databaseId } workflowRun { event workflow { name } } }
      }
      ... on StatusContext { context state isRequired(pullRequestNumber: ${number}) }
    }
  } }`;
}

export interface ActorAnswer {
  readonly __typename: string;
  readonly login: string;
  readonly databaseId?: number | null;
}

/** GitHub shows what a deleted account wrote as this one's. */
const GHOST: Actor = { id: 10_137, login: 'ghost', bot: false };

/** GraphQL leaves off the `[bot]` that REST and webhooks put behind a bot's login. */
export function actorFrom(answer: ActorAnswer | null): Actor {
  if (answer === null) {
    return GHOST;
  }
  const bot = answer.__typename === 'Bot';
  const login = bot && !answer.login.endsWith('[bot]') ? `${answer.login}[bot]` : answer.login;
  return { id: answer.databaseId ?? 0, login, bot };
}

export interface FileAnswer {
  readonly mode: number;
  readonly object: {
    readonly text?: string | null;
    readonly isTruncated?: boolean;
    readonly isBinary?: boolean | null;
    readonly byteSize?: number;
  } | null;
}

const SYMLINK_MODE = 0o120000;

/** The text of a file; null when there is none. What cannot be read whole is unknown, never absent. */
export function textFrom(path: string, answer: FileAnswer | null | undefined): Known<string | null> {
  if (answer === null || answer === undefined) {
    return known(null);
  }
  if (answer.mode === SYMLINK_MODE) {
    return unknown(`${path} is a symbolic link; make it a plain file`);
  }
  const blob = answer.object;
  if (blob === null || blob.byteSize === undefined) {
    return unknown(`${path} is not a file`);
  }
  if (blob.isTruncated === true) {
    return unknown(`${path} is too large for GitHub to show (${blob.byteSize} bytes)`);
  }
  return typeof blob.text === 'string' ? known(blob.text) : unknown(`${path} is not text`);
}

/** The first of several places that holds a file. */
export function firstText(
  paths: readonly string[],
  answerAt: (at: number) => FileAnswer | null | undefined,
): Known<{ readonly path: string; readonly text: string } | null> {
  for (const [at, path] of paths.entries()) {
    const text = textFrom(path, answerAt(at));
    if (!text.known) {
      return text;
    }
    if (text.value !== null) {
      return known({ path, text: text.value });
    }
  }
  return known(null);
}
