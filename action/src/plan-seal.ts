import sodium from 'libsodium-wrappers';

/** Encrypts a plan file: a fresh 24-byte nonce, then the ciphertext of XChaCha20-Poly1305. `key` is base64 of 32 bytes; `aad` binds it to its record. */
export async function sealPlan(plan: Uint8Array, key: string, aad: string): Promise<Uint8Array> {
  await sodium.ready;
  const nonce = sodium.randombytes_buf(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plan, aad, null, nonce, keyOf(key));
  return Buffer.concat([nonce, sealed]);
}

/** Opens what `sealPlan` made, or answers null: wrong key, another record's bytes, or altered ones. */
export async function openPlan(sealed: Uint8Array, key: string, aad: string): Promise<Buffer | null> {
  await sodium.ready;
  const nonceBytes = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  try {
    const nonce = sealed.subarray(0, nonceBytes);
    const plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      sealed.subarray(nonceBytes),
      aad,
      nonce,
      keyOf(key),
    );
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch {
    return null;
  }
}

function keyOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
