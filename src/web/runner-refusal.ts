import { type ErrorAnswer, MAX_PLAN_BYTES } from '../protocol/messages.ts';

export type RefusedStatus = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 426 | 503;

/** A runner's request that is answered with no. `message` is for the job's log: what is wrong, and what to do. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: RefusedStatus;
  readonly code: string;
  constructor(status: RefusedStatus, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The body of the answer. */
export function refusedAnswer(refused: Refused): ErrorAnswer {
  return { error: { code: refused.code, message: refused.message } };
}

/** A plan file over the limit, by its announced length or by its bytes. */
export function planTooLarge(): Refused {
  return new Refused(413, 'plan-too-large', `A plan file has at most ${MAX_PLAN_BYTES / 1024 / 1024} MiB.`);
}

/** Others wait for the slot. The runner may try again. */
export function uploadTooSlow(): Refused {
  return new Refused(503, 'upload-too-slow', 'The upload did not end in time; try again.');
}
