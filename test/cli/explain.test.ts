import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCheckout } from './checkout-of.ts';
import { plumbline, type Ran } from './run-cli.ts';

let checkout: TestCheckout;
let first: string;
let second: string;
let outside: string;

beforeAll(() => {
  checkout = new TestCheckout({
    'envs/prod/main.tf': 'module "vpc" {\n  source = "../../modules/vpc"\n}\n',
    'envs/dev/main.tf': 'locals {}\n',
    'envs/link': '-> dev',
    'modules/vpc/main.tf': 'locals {}\n',
    'docs/a.md': 'x\n',
  });
  first = checkout.git('rev-parse', 'HEAD').trim();
  second = checkout.commit({
    'modules/vpc/main.tf': 'locals { x = 1 }\n',
    'envs/dev/main.tf': null,
    'envs/new name/main.tf': 'locals {}\n',
    '.terrateam/config.yml': 'dirs:\n  envs/prod:\n    tags: [critical]\n    when_modified: {autoapply: true}\n',
  });
  outside = mkdtempSync(join(tmpdir(), 'plumbline-cli-files-'));
  writeFileSync(join(outside, 'files.txt'), './a/main.tf\nb/main.tf\r\n\nb/README.md\n');
  writeFileSync(join(outside, 'changed.txt'), 'a/main.tf\n./b/main.tf\n');
  writeFileSync(join(outside, 'index.json'), '{"paths": {"a": {"modules": ["../b"]}}, "symlinks": [["c", "a"]]}');
  writeFileSync(join(outside, 'bad-index.json'), '{"paths": {"a": {"modules": "../b"}}}');
  writeFileSync(join(outside, 'bad.yml'), 'dirs:\n  a:\n    tag: x\nworkflows:\n  - tag_query: "a and ("\n');
  writeFileSync(
    join(outside, 'cycle.yml'),
    'dirs:\n  a: {when_modified: {depends_on: "dir:b"}}\n  b: {when_modified: {depends_on: "dir:a"}}\n',
  );
  writeFileSync(
    join(outside, 'layers.yml'),
    'dirs:\n  b: {when_modified: {depends_on: "dir:a"}}\nworkflows: [{tag_query: "dir:b"}]\n',
  );
});

afterAll(() => {
  checkout.remove();
  rmSync(outside, { recursive: true, force: true });
});

async function explain(...args: readonly string[]): Promise<Ran> {
  return await plumbline(['explain', ...args], { cwd: checkout.dir });
}

async function explained(...args: readonly string[]) {
  const { code, stdout } = await explain(...args, '--json');
  return { code, ...JSON.parse(stdout) };
}

const names = (answer: { dirspaces: { dir: string; workspace: string }[] }): string[] =>
  answer.dirspaces.map(({ dir, workspace }) => `${dir} ${workspace}`);

describe('plumbline explain', () => {
  it('answers in JSON of the promised shape', async () => {
    const { code, ...answer } = await explained(
      '--changed',
      'envs/prod/main.tf',
      'docs/a.md',
      '--head',
      'feature',
      '--base',
      'main',
    );
    expect(code).toBe(0);
    expect(answer).toEqual({
      dirspaces: [
        {
          dir: 'envs/prod',
          workspace: 'default',
          tags: ['critical', 'dir:envs/prod', 'workspace:default', 'stack_name:default'],
          workflow: null,
          layer: 0,
          autoplan: true,
          autoapply: true,
          because: [{ why: 'file', file: 'envs/prod/main.tf', pattern: '$'.concat('{DIR}/*.tf') }],
        },
      ],
      layers: [[{ dir: 'envs/prod', workspace: 'default' }]],
      unmatched: [{ path: 'docs/a.md', reason: expect.any(String), code: 'no-pattern' }],
      errors: [],
    });
  });

  it('finds out by itself what calls a changed module', async () => {
    expect(names(await explained('--changed', 'modules/vpc/main.tf'))).toEqual(['envs/prod default']);
  });

  it('compares two commits, renames under both names, with the tree of the second', async () => {
    const answer = await explained('--diff', `${first}..${second}`);
    expect(names(answer)).toEqual(['envs/new name default', 'envs/prod default']);
    const back = await explained('--diff', `${second}..${first}`);
    expect(names(back)).toEqual(['envs/dev default', 'envs/link default', 'envs/prod default']);
  });

  it('also from another directory, and where uncommitted files are', async () => {
    checkout.write({ 'fresh/main.tf': '' });
    const { stdout } = await plumbline(['explain', '--repo', checkout.dir, '--changed', 'fresh/main.tf', '--json'], {
      cwd: outside,
    });
    expect(names(JSON.parse(stdout))).toEqual(['fresh default']);
    checkout.write({ 'fresh/main.tf': null });
  });

  it('works on a directory that no repository knows', async () => {
    mkdirSync(join(outside, 'plain/a'), { recursive: true });
    mkdirSync(join(outside, 'plain/mod'), { recursive: true });
    writeFileSync(join(outside, 'plain/a/main.tf'), 'module "m" {\n  source = "../mod"\n}\n');
    writeFileSync(join(outside, 'plain/mod/main.tf'), '');
    expect(names(await explained('--repo', join(outside, 'plain'), '--changed', 'mod/main.tf'))).toEqual(['a default']);
  });

  it('takes a directory inside a repository for the whole of it', async () => {
    const answer = await explained('--repo', join(checkout.dir, 'modules'), '--diff', `${first}..${second}`);
    expect(names(answer)).toEqual(['vpc default']);
  });

  it('works on a list of names, with changes from a file or standard input', async () => {
    const list = join(outside, 'files.txt');
    expect(names(await explained('--files', list, '--changed-from', join(outside, 'changed.txt')))).toEqual([
      'a default',
      'b default',
    ]);
    const ran = await plumbline(['explain', '--files', list, '--changed-from', '-', '--json'], {
      input: 'b/main.tf\n',
    });
    expect(names(JSON.parse(ran.stdout))).toEqual(['b default']);
  });

  it('takes a module index instead of reading sources', async () => {
    const answer = await explained(
      '--files',
      join(outside, 'files.txt'),
      '--index',
      join(outside, 'index.json'),
      '--changed',
      'b/main.tf',
    );
    expect(names(answer)).toEqual(['a default', 'c default']);
    expect(answer.dirspaces[0].because).toEqual([{ why: 'module', file: 'b/main.tf', module: 'b' }]);
  });

  it('says layers and workflows', async () => {
    const answer = await explained(
      '--files',
      join(outside, 'files.txt'),
      '--config',
      join(outside, 'layers.yml'),
      '--changed',
      'a/main.tf',
    );
    expect(answer.layers).toEqual([[{ dir: 'a', workspace: 'default' }], [{ dir: 'b', workspace: 'default' }]]);
    expect(answer.dirspaces.map((one: { workflow: number | null }) => one.workflow)).toEqual([null, 0]);
    const text = await explain(
      '--files',
      join(outside, 'files.txt'),
      '--config',
      join(outside, 'layers.yml'),
      '--changed',
      'a/main.tf',
    );
    expect(text.stdout).toContain('Layer 2 of 2');
    expect(text.stdout).toContain('it depends on a');
  });

  it('selects with a query', async () => {
    expect(names(await explained('--changed', 'envs/prod/main.tf', '--query', 'not critical'))).toEqual([]);
    const bad = await explained('--changed', 'envs/prod/main.tf', '--query', 'a and (');
    expect(bad).toMatchObject({ code: 1, errors: [{ line: 1, column: 7 }] });
  });

  it('exits 0 when nothing matches', async () => {
    const { code, stdout } = await explain('--changed', 'docs/a.md');
    expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing is touched.')]);
  });

  it('exits 1 with every problem of the configuration', async () => {
    const answer = await explained(
      '--files',
      join(outside, 'files.txt'),
      '--config',
      join(outside, 'bad.yml'),
      '--changed',
      'a/main.tf',
    );
    expect(answer).toMatchObject({ code: 1, dirspaces: [], layers: [] });
    expect(answer.errors[0]).toMatchObject({ path: 'dirs.a.tag', line: 3, column: 5, code: 'unknown-key' });
  });

  it.each([
    ['a circle', ['--config', 'cycle.yml', '--changed', 'b/README.md'], 'dependency-cycle'],
    ['nothing that says what changed', [], 'unreadable'],
    ['a range that is none', ['--diff', 'main'], 'unreadable'],
    ['a broken index', ['--index', 'bad-index.json', '--changed', 'a/main.tf'], 'unreadable'],
    ['a file that is not there', ['--config', 'nope.yml', '--changed', 'a/main.tf'], 'unreadable'],
  ])('exits 1 for %s', async (_name, args, errorCode) => {
    const full = args.map((arg) => (/\.(?:yml|json)$/.test(arg) ? join(outside, arg) : arg));
    const answer = await explained('--files', join(outside, 'files.txt'), ...full);
    expect(answer).toMatchObject({
      code: 1,
      dirspaces: [],
      errors: [{ code: errorCode, message: expect.any(String) }],
    });
  });

  it.each(['--output=x..y', 'main..--output=x', 'nope..main'])(
    'a range is never an option of git: %s',
    async (range) => {
      const answer = await explained('--diff', range);
      expect(answer).toMatchObject({ code: 1, errors: [{ code: 'unreadable' }] });
    },
  );

  it('shows control characters in names instead of sending them to the terminal', async () => {
    const { stdout } = await explain('--changed', 'x\u001b[31m/main.tf');
    expect(stdout).toContain('x\\x1b[31m/main.tf');
  });
});
