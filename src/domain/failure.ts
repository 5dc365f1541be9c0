/** Failures that we foresee but cannot answer where they happen. */
export type FailureCode =
  | 'github-unreachable'
  | 'github-limited'
  | 'github-forbidden'
  | 'github-not-found'
  | 'secret-unreadable'
  | 'database-unreachable';

/** `code` is for machines and never changes; `message` is for people and never holds a secret. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  /** For `github-limited`: how long GitHub asks us to wait, in milliseconds. */
  readonly retryAfterMs: number | null;
  constructor(code: FailureCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}

/** Worth another attempt later without anybody changing something? */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof Failure &&
    (error.code === 'github-unreachable' || error.code === 'github-limited' || error.code === 'database-unreachable')
  );
}
