import type { Notice } from '../domain/notice.ts';
import type { ReasonCode } from '../domain/reason.ts';

/** A notice from the catalogue, with what is special about this case and the next command. */
export function reasonNotice(reason: ReasonCode, text: string, next: string): Notice {
  return { kind: 'reason', reason, text, next };
}
