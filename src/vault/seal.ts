import { Failure } from '../domain/failure.ts';
import { sodium } from './sodium.ts';

/** Bytes that sealing adds: a nonce of 24 and an authenticator of 16. */
export const SEAL_OVERHEAD = 40;
/** Bytes of a key. */
export const KEY_BYTES = 32;

/** A fresh random key. */
export function newKey(): Uint8Array {
  return sodium.crypto_aead_xchacha20poly1305_ietf_keygen();
}

/** XChaCha20-Poly1305: `nonce(24) || ciphertext`. `aad` binds it to the record it belongs to; whoever opens must name the same. */
export function seal(key: Uint8Array, plain: Uint8Array, aad: string): Uint8Array {
  const nonce = sodium.randombytes_buf(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, null, nonce, key);
  const whole = new Uint8Array(nonce.length + sealed.length);
  whole.set(nonce);
  whole.set(sealed, nonce.length);
  return whole;
}

/** The plain bytes. Throws `secret-unreadable` when the key, the record or the bytes are not the ones it was sealed with. */
export function open(key: Uint8Array, sealed: Uint8Array, aad: string): Uint8Array {
  const size = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      sealed.subarray(size),
      aad,
      sealed.subarray(0, size),
      key,
    );
  } catch (error) {
    throw new Failure('secret-unreadable', 'sealed bytes could not be opened: wrong key, wrong record, or changed', {
      cause: error,
    });
  }
}
