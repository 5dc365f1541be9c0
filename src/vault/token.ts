import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A fresh token for one run, and the hash that is stored. 256 bits, URL-safe. */
export function newToken(): { readonly token: string; readonly hash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashToken(token) };
}

/** What is stored of a token: looking for it by its hash tells nothing about how much of a guess was right. */
export function hashToken(token: string): string {
  return createHash('sha256').update(`plumbline token|${token}`).digest('hex');
}

/** Compare two secrets without telling, by the time it takes, where they differ or how long they are. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
