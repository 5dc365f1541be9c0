import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

it('the demo says in one sentence what to install when there is neither terraform nor tofu, and exits 1', () => {
  const empty = mkdtempSync(join(tmpdir(), 'plumbline-no-engine-'));
  onTestFinished(() => rmSync(empty, { recursive: true }));
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--json'], {
    env: { PATH: empty },
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^The demo needs terraform or tofu: install one of them[^\n]*\.\n$/);
});
