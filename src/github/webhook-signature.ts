import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Is this body signed with one of our secrets? `signature` is the header `X-Hub-Signature-256`; GitHub's older
 * `X-Hub-Signature` (SHA-1) is never enough. Every secret is tried whatever the first says, so that the time taken
 * does not tell which one matched. https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function isSigned(
  body: Uint8Array,
  signature: string | null | undefined,
  secrets: readonly [string, ...string[]],
): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  if (hex === undefined) {
    return false;
  }
  const given = Buffer.from(hex, 'hex');
  let found = false;
  for (const secret of secrets) {
    // An empty secret would accept what anybody can sign.
    const same = timingSafeEqual(createHmac('sha256', secret).update(body).digest(), given);
    found = (same && secret !== '') || found;
  }
  return found;
}
