import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMPILE_CACHE } from '../compile-cache.ts';
import { World } from '../world/world.ts';
import { plumbline } from './run-cli.ts';

const SRC = join(import.meta.dirname, '../../src');
const ENTRIES = [
  ['plumbline serve', ['cli/main.ts', 'serve']],
  ['npm start', ['main.ts']],
] as const;

let world: World;
let home: string;
beforeAll(async () => {
  world = await World.start();
  home = mkdtempSync(join(tmpdir(), 'plumbline-serve-'));
});
afterAll(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({
  ...world.serviceEnvironment(),
  PUBLIC_URL: 'https://plumbline.example.com',
  HOST: '127.0.0.1',
  PORT: '0',
  DATA_DIR: join(home, 'data'),
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
});

describe.each(ENTRIES)('%s', (_name, [entry, ...args]) => {
  it('is the service until a signal ends it, and exits 0', { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, [join(SRC, entry), ...args], {
      env: { PATH: process.env.PATH, ...COMPILE_CACHE, ...environment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, url } = JSON.parse(line);
      if (msg === 'ready') {
        expect((await fetch(`${url}/healthz`)).status).toBe(200);
        child.kill('SIGTERM');
      }
    }
    expect(await ended).toEqual([0, null]);
  });
});

describe('plumbline serve', () => {
  it('exits 2 for bad settings, and names all of them', async () => {
    const { code, stderr } = await plumbline(['serve'], { cwd: home, env: { PORT: 'x' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/APP_ID.*PRIVATE_KEY.*WEBHOOK_SECRET.*PUBLIC_URL.*PORT/s);
  });

  it('exits 1 when it cannot start, and says why', async () => {
    const env = { ...environment(), DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/none' };
    const { code, stdout, stderr } = await plumbline(['serve'], { cwd: home, env });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('Plumbline could not start: the database cannot be reached'),
    ]);
    expect(stdout + stderr).not.toContain('hunter2');
  });
});
