import { stringify } from 'yaml';
import { z } from 'zod';
import { formatPath, type KeyPath } from './key-path.ts';
import type { EffectiveConfig } from './merge-config.ts';
import { RawRepoConfig } from './schema.ts';

/**
 * The effective configuration as YAML that could be a file again, each value with its source in a comment; what nobody said
 * has the source `default`. For `plumbline config show` and the comment `repo-config`.
 */
export function showConfig(effective: Pick<EffectiveConfig, 'raw' | 'provenance'>): string {
  const lines: string[] = [];
  writeObject(RawRepoConfig, effective.raw, [], { lines, provenance: effective.provenance });
  return `${lines.join('\n')}\n`;
}

interface Output {
  readonly lines: string[];
  readonly provenance: ReadonlyMap<string, string>;
}

function writeObject(schema: z.ZodObject, value: unknown, path: KeyPath, output: Output): void {
  for (const [name, raw] of Object.entries(schema.shape)) {
    const inner: unknown = member(value, name);
    const meta = raw instanceof z.ZodType ? z.globalRegistry.get(raw) : undefined;
    const at = [...path, name];
    if (inner !== undefined) {
      writeValue(inner, at, output, objectOf(raw));
    } else if (meta?.deprecated !== true) {
      writeDefault(name, meta?.default, at, output, objectOf(raw));
    }
  }
}

/** A key that nobody wrote: its default, or the defaults of its own keys. Keys without a default are left out. */
function writeDefault(
  name: string,
  fallback: unknown,
  path: KeyPath,
  output: Output,
  schema: z.ZodObject | undefined,
): void {
  if (fallback !== undefined) {
    output.lines.push(`${indent(path)}${scalar(name)}: ${oneLine(fallback)} # default`);
  } else if (schema !== undefined && path.length === 1) {
    const before = output.lines.length;
    writeObject(schema, {}, path, output);
    if (output.lines.length > before) {
      output.lines.splice(before, 0, `${scalar(name)}:`);
    }
  }
}

function writeValue(value: unknown, path: KeyPath, output: Output, schema: z.ZodObject | undefined): void {
  const key = `${indent(path)}${scalar(String(path.at(-1)))}:`;
  if (Array.isArray(value)) {
    writeList(value, key, path, output);
  } else if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    output.lines.push(`${key} ${oneLine(value)}${source(path, output)}`);
  } else if (schema === undefined) {
    output.lines.push(key);
    for (const [name, inner] of Object.entries(value)) {
      writeValue(inner, [...path, name], output, undefined);
    }
  } else {
    output.lines.push(key);
    writeObject(schema, value, path, output);
  }
}

function writeList(value: readonly unknown[], key: string, path: KeyPath, output: Output): void {
  if (value.length === 0) {
    output.lines.push(`${key} []${source(path, output)}`);
    return;
  }
  output.lines.push(key);
  const margin = `${indent(path)}  `;
  for (const [index, item] of value.entries()) {
    const from = source([...path, index], output);
    if (typeof item !== 'object' || item === null) {
      output.lines.push(`${margin}- ${oneLine(item)}${from}`);
      continue;
    }
    output.lines.push(`${margin}-${from}`);
    const block = stringify(item, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
    output.lines.push(...block.split('\n').map((line) => `${margin}  ${line}`));
  }
}

/** Source names hold the names of repositories; a line end in one would end the comment. */
function source(path: KeyPath, output: Output): string {
  const name = output.provenance.get(formatPath(path)) ?? 'default';
  return ` # ${name.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}`;
}

function indent(path: KeyPath): string {
  return '  '.repeat(path.length - 1);
}

function scalar(text: string): string {
  return oneLine(text);
}

/** JSON is YAML, but strings that need no quotes read better without. */
function oneLine(value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trimEnd();
  return text.includes('\n') || text.includes(' #') ? JSON.stringify(value) : text;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

/** The map that stands behind an optional key, if it is one and has only one form. */
function objectOf(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodOptional) {
    return objectOf(schema.unwrap());
  }
  return schema instanceof z.ZodObject ? schema : undefined;
}
