import { type GenerateKeyPairResult, generateKeyPair } from 'jose';

const pairs = new Map<string, Promise<GenerateKeyPairResult>>();

/** An RSA key pair for a purpose: made once per process, since making one costs more than starting a world. */
export function keyPairFor(purpose: 'app' | 'oidc'): Promise<GenerateKeyPairResult> {
  const known = pairs.get(purpose);
  if (known !== undefined) {
    return known;
  }
  const made = generateKeyPair('RS256', { extractable: true });
  pairs.set(purpose, made);
  return made;
}
