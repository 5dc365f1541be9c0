import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const PURE = ['domain', 'protocol', 'config', 'matching', 'decision', 'plans', 'report'];
const ROOMS = readdirSync(join(root, 'src'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

interface Violation {
  readonly room: string;
  readonly line: string;
  readonly rule: string;
}

const imports = (room: string, line: string): Violation => ({ room, line, rule: 'noRestrictedImports' });
const FORBIDDEN: readonly Violation[] = [
  ...PURE.flatMap((room) => [
    imports(room, "import { x } from '../store/x.ts'; export const y = x;"),
    imports(room, "import type { X } from '../github/x.ts'; export type Y = X;"),
    imports(room, "export { x } from '../worker/x.ts';"),
    imports(room, "export const x = () => import('../web/x.ts');"),
    imports(room, "import { readFileSync } from 'node:fs'; export const x = readFileSync;"),
    ...['Date.now()', 'process.env', "fetch('/')", 'crypto.randomUUID()'].map((call) => ({
      room,
      line: `export const x = ${call};`,
      rule: 'noRestrictedGlobals',
    })),
  ]),
  imports('store', "import { Hono } from 'hono'; export const x = Hono;"),
  imports('store', "import { decide } from '../decision/decide.ts'; export const x = decide;"),
  imports('web', "import { Kysely } from 'kysely'; export const x = Kysely;"),
  imports('web', "import { decide } from '../decision/decide.ts'; export const x = decide;"),
  imports('worker', "import { Octokit } from '@octokit/rest'; export const x = Octokit;"),
  imports('github', "import sodium from 'libsodium-wrappers'; export const x = sodium;"),
];
const ALLOWED = { room: 'decision', line: "import { isActive } from '../domain/run.ts'; export const x = isActive;" };

let home = '';
let found: ReadonlyMap<string, readonly string[]> = new Map();

const fileOf = (room: string, index: number): string => `src/${room}/planted-${index}.ts`;

beforeAll(() => {
  // The real configuration over files that do not exist in the repository, in one run of the real lint.
  home = mkdtempSync(join(tmpdir(), 'rooms-'));
  cpSync(join(root, 'biome.json'), join(home, 'biome.json'));
  for (const [index, { room, line }] of [...FORBIDDEN, ALLOWED].entries()) {
    const file = join(home, fileOf(room, index));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${line}\n`);
  }
  found = lint(home);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Broken rules by file. */
function lint(folder: string): ReadonlyMap<string, readonly string[]> {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '--vcs-enabled=false', 'src'];
  const options = {
    cwd: folder,
    encoding: 'utf8' as const,
    stdio: ['ignore', 'pipe', 'ignore'] as ('ignore' | 'pipe')[],
  };
  let text: string;
  try {
    text = execFileSync(join(root, 'node_modules/.bin/biome'), args, options);
  } catch (error) {
    text = (error as { stdout: string }).stdout;
  }
  const report = JSON.parse(text) as {
    diagnostics: { category: string; location: { path: string | { file: string } } }[];
  };
  const rules = new Map<string, string[]>();
  for (const { category, location } of report.diagnostics) {
    const path = typeof location.path === 'string' ? location.path : location.path.file;
    rules.set(path, [...(rules.get(path) ?? []), category]);
  }
  return rules;
}

describe('the rooms', () => {
  it('are those of the architecture', () => {
    expect(ROOMS.toSorted()).toEqual([...PURE, 'cli', 'github', 'store', 'vault', 'web', 'worker'].toSorted());
  });

  it.each(FORBIDDEN.map((violation, index) => ({ ...violation, index })))(
    '$room: the lint refuses $line',
    ({ room, rule, index }) => {
      expect(found.get(fileOf(room, index)) ?? []).toContainEqual(expect.stringContaining(rule));
    },
  );

  it('may import what they are allowed', () => {
    expect(
      (found.get(fileOf(ALLOWED.room, FORBIDDEN.length)) ?? []).filter((rule) => rule.includes('noRestricted')),
    ).toEqual([]);
  });
});
