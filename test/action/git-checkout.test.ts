import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkOutMerge } from '../../action/src/git-checkout.ts';
import { makeOrigin } from './git-origin.ts';
import { tempDir } from './start-runner.ts';

function options(
  origin: { readonly dir: string },
  dir: string,
  pair: { readonly headSha: string; readonly baseSha: string },
) {
  const env = { PATH: process.env.PATH ?? '', HOME: dir };
  return { url: origin.dir, token: '', dir: join(dir, 'checkout'), env, cancel: new AbortController().signal, ...pair };
}

it('merges exactly the two commits, whatever the branches say by now, and leaves nothing but the tree', async () => {
  using origin = makeOrigin();
  using temp = tempDir();
  const root = origin.commit({ a: '1\n', b: '1\n' });
  const headSha = origin.commit({ a: '2\n' }, root);
  const baseSha = origin.commit({ b: '2\n' }, root);
  origin.commit({ b: 'newer\n' }, baseSha);
  const tree = await checkOutMerge(options(origin, temp.path, { headSha, baseSha }));
  const checkout = join(temp.path, 'checkout');
  expect([readFileSync(join(checkout, 'a'), 'utf8'), readFileSync(join(checkout, 'b'), 'utf8')]).toEqual([
    '2\n',
    '2\n',
  ]);
  const merged = origin.git('merge-tree', '--write-tree', baseSha, headSha);
  expect(tree).toBe(merged);
});

it("gives the merge commit's own tree when the head is merged already", async () => {
  using origin = makeOrigin();
  using temp = tempDir();
  const root = origin.commit({ a: '1\n' });
  const headSha = origin.commit({ a: '2\n' }, root);
  origin.git('checkout', '--quiet', '--detach', root);
  origin.git('merge', '--quiet', '--no-ff', '-m', 'merge', headSha);
  const baseSha = origin.git('rev-parse', 'HEAD');
  expect(await checkOutMerge(options(origin, temp.path, { headSha, baseSha }))).toBe(
    origin.git('rev-parse', 'HEAD^{tree}'),
  );
});

it('finds the merge base of branches that parted long ago', async () => {
  using origin = makeOrigin();
  using temp = tempDir();
  const root = origin.commit({ a: '1\n2\n3\n4\n5\n6\n7\n8\n', b: '1\n' });
  const headSha = origin.commit({ a: 'head\n2\n3\n4\n5\n6\n7\n8\n' }, root);
  const stream = Array.from({ length: 130 }, (_, n) => {
    const from = n === 0 ? `from ${root}\n` : '';
    return `commit refs/heads/long\ncommitter a <a@example.com> ${1_700_000_000 + n} +0000\ndata 1\nx\n${from}M 100644 inline b\ndata ${String(n).length}\n${n}\n`;
  });
  execFileSync('git', ['fast-import', '--quiet'], { cwd: origin.dir, input: stream.join('') });
  const baseSha = origin.git('rev-parse', 'refs/heads/long');
  const made = options(origin, temp.path, { headSha, baseSha });
  const tree = await checkOutMerge({ ...made, url: `file://${origin.dir}` });
  expect(tree).toBe(origin.git('merge-tree', '--write-tree', baseSha, headSha));
});

it('names the files that conflict', async () => {
  using origin = makeOrigin();
  using temp = tempDir();
  const root = origin.commit({ 'app/main.tf': '1\n' });
  const headSha = origin.commit({ 'app/main.tf': '2\n' }, root);
  const baseSha = origin.commit({ 'app/main.tf': '3\n' }, root);
  await expect(checkOutMerge(options(origin, temp.path, { headSha, baseSha }))).rejects.toMatchObject({
    code: 'merge-conflict',
    message: expect.stringContaining('"app/main.tf"'),
  });
});

it('says that a commit cannot be fetched, without the token', async () => {
  using origin = makeOrigin();
  using temp = tempDir();
  const sha = origin.commit({ a: '1' });
  const made = options(origin, temp.path, { headSha: `${'0'.repeat(39)}1`, baseSha: sha });
  await expect(checkOutMerge({ ...made, token: 'ghs_secret' })).rejects.toMatchObject({
    code: 'fetch-failed',
    message: expect.not.stringContaining('ghs_secret'),
  });
});

it('runs no hook, reads no configuration of the user, and needs no identity', async () => {
  using origin = makeOrigin();
  using temp = tempDir();
  const marker = join(temp.path, 'ran');
  writeFileSync(
    join(temp.path, '.gitconfig'),
    `[core]\n\thooksPath = ${temp.path}\n[filter "evil"]\n\tsmudge = touch ${marker}\n[commit]\n\tgpgSign = true\n`,
  );
  for (const hook of ['post-checkout', 'pre-merge-commit', 'post-merge']) {
    writeFileSync(join(temp.path, hook), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
  }
  const root = origin.commit({ a: '1\n', b: '1\n', '.gitattributes': '* filter=evil\n' });
  const headSha = origin.commit({ a: '2\n' }, root);
  const baseSha = origin.commit({ b: '2\n' }, root);
  await checkOutMerge(options(origin, temp.path, { headSha, baseSha }));
  expect(existsSync(marker)).toBe(false);
  expect(readdirSync(join(temp.path, 'checkout')).sort()).toEqual(['.git', '.gitattributes', 'a', 'b']);
});
