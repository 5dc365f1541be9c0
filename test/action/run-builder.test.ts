import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBuilders } from '../../action/src/run-builder.ts';
import { tempDir } from './start-runner.ts';

function room(path: string) {
  mkdirSync(join(path, 'checkout'), { recursive: true });
  writeFileSync(join(path, 'checkout/main.tf'), '');
  return {
    checkout: join(path, 'checkout'),
    workDir: join(path, 'work'),
    env: { PATH: process.env.PATH ?? '', SEEN: 'yes' },
    cancel: new AbortController().signal,
    log: () => undefined,
    mask: (text: string) => text.replaceAll('hunter2', '***'),
  };
}

it('gives the configuration on standard input and takes what is printed', async () => {
  using temp = tempDir();
  const script = 'read -r text; echo "{\\"seen\\": \\"$SEEN\\", \\"input\\": $text, \\"files\\": \\"$(ls)\\"}"';
  const made = await runBuilders({ config: { script, input: '{"a":1}' } }, room(temp.path));
  expect(made.config?.ok === true && JSON.parse(made.config.value)).toEqual({
    seen: 'yes',
    input: { a: 1 },
    files: 'main.tf',
  });
});

it('runs in a copy: what a script writes is not planned', async () => {
  using temp = tempDir();
  await runBuilders({ config: { script: '#!/bin/sh\ntouch new.tf; rm main.tf', input: '' } }, room(temp.path));
  expect(existsSync(join(temp.path, 'checkout/new.tf'))).toBe(false);
  expect(existsSync(join(temp.path, 'checkout/main.tf'))).toBe(true);
});

it.each([
  ['fails', 'echo "no hunter2" >&2; exit 3', 'config_builder: it ended with 3. no ***'],
  ['names a program that does not exist', '#!/no/such/program\n', 'ENOENT'],
  ['prints too much', 'head -c 600000 /dev/zero | tr "\\0" x', 'more than 512000 characters'],
])('says why, without secrets, when a script %s', async (_, script, message) => {
  using temp = tempDir();
  const made = await runBuilders({ config: { script, input: 'x'.repeat(1_000_000) } }, room(temp.path));
  expect(made.config).toMatchObject({ ok: false });
  expect(made.config?.ok === false && made.config.message).toContain(message);
});

it.each([
  [
    'a list',
    '[{"path": "./a/b.tf", "id": "1"}, {"path": "c.tf", "changed": true}]',
    [{ path: 'a/b.tf' }, { path: 'c.tf', changed: true }],
  ],
  ['the checkout in front', '[{"path": "\'"$PWD"\'/a.tf"}]', [{ path: 'a.tf' }]],
  ['nothing', '[]', []],
])('reads %s of files', async (_, json, files) => {
  using temp = tempDir();
  const made = await runBuilders({ tree: { script: `echo '${json}'` } }, room(temp.path));
  expect(made.tree).toEqual({ ok: true, value: files });
});

it.each([
  ['text', 'hello'],
  ['a map', '{"path": "a"}'],
  ['a path that leads out', '[{"path": "../a"}]'],
  ['an absolute path', '[{"path": "/etc/passwd"}]'],
  ['no path', '[{"id": "1"}]'],
])('refuses %s for a list of files', async (_, json) => {
  using temp = tempDir();
  const made = await runBuilders({ tree: { script: `echo '${json}'` } }, room(temp.path));
  expect(made.tree).toMatchObject({ ok: false });
});
