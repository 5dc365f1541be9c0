import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const rows = readFileSync(join(ROOT, 'docs/weaknesses-we-avoid.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| weakness'))
  .map((line) => line.split('|').slice(1, -1));

/** Names in back-ticks that are paths: `web/app.ts`, `config/`; of functions and keys beside them nothing is asked. */
function paths(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) => (/^[\w.-]+(\/|\.)/.test(name) ? [name] : []));
}

function sourceOf(name: string): string {
  if (name.startsWith('action/')) {
    return name === 'action/' || name.endsWith('.yml') ? name : name.replace('action/', 'action/src/');
  }
  return /\.json$/.test(name) ? name : `src/${name}`;
}

it('what the page of weaknesses names is there: every file and every test', () => {
  expect(rows.length).toBeGreaterThan(60);
  const missing = rows.flatMap(([, , where = '', tests = '']) => [
    ...paths(where)
      .map(sourceOf)
      .filter((path) => !existsSync(join(ROOT, path))),
    ...paths(tests)
      .map((name) => `test/${name.replace(/^action\./, 'action/')}.test.ts`)
      .filter((path) => !existsSync(join(ROOT, path))),
  ]);
  expect(missing).toEqual([]);
});

it('each weakness has a test, or says that it has none', () => {
  for (const row of rows) {
    expect(row, row[0]).toHaveLength(4);
    expect(/`[^`]+`|No test/.test(`${row[1] ?? ''}${row[3] ?? ''}`), row[0]).toBe(true);
  }
});
