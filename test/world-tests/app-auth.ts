import { importPKCS8, SignJWT } from 'jose';
import type { World } from '../world/world.ts';

/** Sign a JWT as the App does; claims can be replaced to be wrong on purpose. */
export function createAppAuth(world: World): (claims?: Readonly<Record<string, unknown>>) => Promise<string> {
  return async (claims = {}) => {
    const key = await importPKCS8(world.app.privateKeyPem, 'RS256');
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iat: now - 30, exp: now + 540, iss: String(world.app.id), ...claims })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(key);
  };
}
