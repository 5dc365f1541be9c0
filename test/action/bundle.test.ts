import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, it } from 'vitest';
import config from '../../rolldown.config.ts';

const DIST = fileURLToPath(new URL('../../action/dist/index.mjs', import.meta.url));

it('is committed as it builds from the sources (else: npm run build:action)', async () => {
  const { output, ...input } = config;
  const build = await rolldown(input);
  const made = await build.generate(Array.isArray(output) ? output[0] : output);
  await build.close();
  const [entry] = made.output;
  expect(made.output).toHaveLength(1);
  // Compared as lengths first: a diff of half a megabyte helps nobody.
  const committed = readFileSync(DIST, 'utf8');
  expect(entry.code.length).toBe(committed.length);
  expect(entry.code === committed).toBe(true);
});

it('is what action.yml starts, on Node 24', () => {
  const text = readFileSync(new URL('../../action/action.yml', import.meta.url), 'utf8');
  expect(text).toMatch(/using: node24\n\s+main: dist\/index\.mjs/);
});
