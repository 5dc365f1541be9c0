/**
 * Something that ends the whole run before or instead of its dirspaces. `code` is for machines and is reported as the
 * run's problem; `message` is for people and holds no secret.
 */
export class RunnerFailure extends Error {
  override readonly name = 'RunnerFailure';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Text of whatever was thrown, for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
