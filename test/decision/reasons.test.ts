import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reasonsDoc } from '../../src/decision/reasons-doc.ts';
import { REASONS } from '../../src/domain/reason.ts';

const root = new URL('../../', import.meta.url);

it('every reason has a sentence', () => {
  for (const text of Object.values(REASONS)) {
    expect(text).toMatch(/^\S.*[.`)]$/u);
  }
});

it('every reason is used by something', () => {
  const rooms = ['decision', 'worker', 'store', 'github', 'web', 'vault'];
  const source = rooms
    .flatMap((room) => readdirSync(new URL(`src/${room}/`, root)).map((name) => `src/${room}/${name}`))
    .map((path) => readFileSync(new URL(path, root), 'utf8'))
    .join('\n');
  expect(Object.keys(REASONS).filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

it('the document is the catalogue', () => {
  expect(readFileSync(new URL('docs/reasons.md', root), 'utf8')).toBe(reasonsDoc());
});
