import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configDocs } from '../../src/config/config-docs.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { RawRepoConfig } from '../../src/config/schema.ts';
import { SAMPLES } from './samples.ts';

describe('the generated documentation', () => {
  it.each(configDocs().map(({ path, text }) => [path, text] as const))('%s is current', (path, text) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(text);
  });

  it('names every top-level key, with a meaning', () => {
    const reference = configDocs()[0]?.text ?? '';
    for (const key of Object.keys(RawRepoConfig.shape)) {
      expect(reference).toMatch(new RegExp(`^\\| \`${key}\` \\|.*\\| \\S.* \\|$`, 'm'));
    }
  });
});

describe('the JSON Schema', () => {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(configJsonSchema());

  it.each(SAMPLES.map((text, index) => [index, text] as const))('accepts sample %i', (_index, text) => {
    // Editors are stricter than we are about an entry without anything.
    const value = parse(text.replace('us:\n', 'us: {}\n'));
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each(['labels: 1', 'lables: true', 'version: 1', 'engine: {name: x}', 'workflows: [{}]'])('refuses %s', (text) => {
    expect(validate(parse(text))).toBe(false);
  });
});
