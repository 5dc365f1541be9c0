import { createHmac } from 'node:crypto';
import { Webhooks } from '@octokit/webhooks';
import { describe, expect, it } from 'vitest';
import { isSigned } from '../../src/github/webhook-signature.ts';

const SECRET = 'a secret of more than twenty bytes';
const OLD_SECRET = 'the secret before that, being replaced';
const BODY = Buffer.from('{"action":"opened","title":"ünïcödé 🪢"}');

const signed = (secret: string, body: Uint8Array = BODY) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

describe('isSigned', () => {
  it("accepts what GitHub's own library signs", async () => {
    const signature = await new Webhooks({ secret: SECRET }).sign(BODY.toString());
    expect(isSigned(BODY, signature, [SECRET])).toBe(true);
  });

  it('accepts either of two secrets while one is being replaced', () => {
    expect(isSigned(BODY, signed(OLD_SECRET), [SECRET, OLD_SECRET])).toBe(true);
    expect(isSigned(BODY, signed(SECRET), [SECRET, OLD_SECRET])).toBe(true);
  });

  it('looks at bytes, not at text: a body that is no UTF-8 is compared as it came', () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x00, 0x7b);
    expect(isSigned(bytes, signed(SECRET, bytes), [SECRET])).toBe(true);
    expect(isSigned(Buffer.from(Buffer.from(bytes).toString()), signed(SECRET, bytes), [SECRET])).toBe(false);
  });

  it.each([
    ['no signature', undefined],
    ['an empty signature', ''],
    ['a signature by another secret', signed('another secret altogether')],
    ['SHA-1 alone', `sha1=${createHmac('sha1', SECRET).update(BODY).digest('hex')}`],
    ['a signature without its prefix', signed(SECRET).slice('sha256='.length)],
    ['a signature that is cut', signed(SECRET).slice(0, -2)],
    ['a signature with something behind it', `${signed(SECRET)}00`],
    ['a signature in upper case', signed(SECRET).toUpperCase()],
    ['two signatures', `${signed('another secret')}, ${signed(SECRET)}`],
  ])('refuses %s', (_name, signature) => {
    expect(isSigned(BODY, signature, [SECRET])).toBe(false);
  });

  it('refuses a body that was changed by one byte', () => {
    const changed = Buffer.from(BODY);
    changed[3] = (changed[3] ?? 0) ^ 1;
    expect(isSigned(changed, signed(SECRET), [SECRET])).toBe(false);
  });

  it('refuses what is signed with an empty secret, even when one is configured', () => {
    expect(isSigned(BODY, signed(''), [''])).toBe(false);
  });
});
