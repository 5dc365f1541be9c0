import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline } from './run-cli.ts';

describe('plumbline tag-query', () => {
  it.each([
    [['a and b', '--tag', 'a', '--tag', 'b'], true],
    [['a and b', '--tag', 'a'], false],
    [['', '--tag', 'a'], true],
    [['dir:x', '--dir', 'x'], false],
    [['b/c in dir', '--dir', 'a/b/c'], true],
    [['workspace:w', '--workspace', 'w'], false],
    [['--', 'not a'], true],
  ])('%j: %s', async (args, match) => {
    const { code, stdout } = await plumbline(['tag-query', '--json', ...args]);
    expect([code, JSON.parse(stdout)]).toEqual([0, { match }]);
  });

  it('exits 2 for a query it cannot read, and points at the place', async () => {
    const json = await plumbline(['tag-query', 'a and ()', '--json']);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      2,
      { error: { code: 'empty-parentheses', column: 7, message: expect.any(String) } },
    ]);
    const text = await plumbline(['tag-query', 'a and ()']);
    expect(text.code).toBe(2);
    expect(text.stderr.split('\n').slice(1, 3)).toEqual(['  a and ()', '        ^']);
  });
});

describe('plumbline config', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'plumbline-config-'));
    mkdirSync(join(dir, 'repo/.terrateam'), { recursive: true });
    writeFileSync(join(dir, 'repo/.terrateam/config.yaml'), 'automerge: {enabled: true}\n');
    writeFileSync(join(dir, 'bad.yml'), 'automerg: {}\nparallel_runs: many\n');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('check exits 0 for a correct file and 1 with the list of problems', async () => {
    const good = await plumbline(['config', 'check'], { cwd: join(dir, 'repo') });
    expect([good.code, good.stdout.trim()]).toEqual([0, '.terrateam/config.yaml: no problems']);
    const bad = await plumbline(['config', 'check', join(dir, 'bad.yml'), '--json']);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      ok: false,
      problems: [
        { path: 'automerg', line: 1, column: 1, nearest: 'automerge' },
        { path: 'parallel_runs', line: 2 },
      ],
    });
    const text = await plumbline(['config', 'check', 'bad.yml'], { cwd: dir });
    expect(text.stderr).toContain('bad.yml:1:1: automerg:');
  });

  it('check without any file is all defaults, with a missing one an error', async () => {
    expect((await plumbline(['config', 'check'], { cwd: dir })).code).toBe(0);
    const missing = await plumbline(['config', 'check', 'missing.yml'], { cwd: dir });
    expect(missing.code).toBe(1);
    expect(missing.stderr).not.toContain(' at ');
  });

  it('show names the source of each value', async () => {
    const { code, stdout } = await plumbline(['config', 'show', '--repo', join(dir, 'repo')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}enabled: true # \.terrateam\/config\.yaml$/m);
    expect(stdout).toMatch(/^parallel_runs: 3 # default$/m);
    const json = await plumbline(['config', 'show', '--repo', join(dir, 'repo'), '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      config: { automerge: { enabled: true } },
      sources: { 'automerge.enabled': '.terrateam/config.yaml' },
    });
  });
});
