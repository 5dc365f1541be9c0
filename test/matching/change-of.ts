import type { Change, ChangedFile, ModuleIndex } from '../../src/domain/change.ts';
import { dirspaceName } from '../../src/domain/dirspace.ts';
import { computeChange } from '../../src/matching/compute-change.ts';
import { parseTagQuery } from '../../src/matching/tag-query.ts';
import { configOf } from './config-of.ts';

export const DIR = '$'.concat('{DIR}');
export const WORKSPACE = '$'.concat('{WORKSPACE}');

export interface Given {
  readonly files: readonly string[];
  readonly changed: readonly (string | ChangedFile)[];
  readonly config?: object | string;
  readonly index?: Partial<ModuleIndex>;
  readonly head?: string;
  readonly base?: string;
  readonly query?: string;
}

export function changeOf({
  files,
  changed,
  config = {},
  index,
  head = 'feature',
  base = 'main',
  query,
}: Given): Change {
  const parsed = query === undefined ? undefined : parseTagQuery(query);
  return computeChange({
    config: configOf(config),
    files,
    changed: changed.map((file) => (typeof file === 'string' ? { path: file, status: 'modified' } : file)),
    head,
    base,
    ...(index === undefined ? {} : { index: { paths: {}, symlinks: [], ...index } }),
    ...(parsed?.ok === true ? { query: parsed.query } : {}),
  });
}

export function names(given: Given): readonly string[] {
  return changeOf(given).dirspaces.map(dirspaceName);
}

export function layers(given: Given): readonly (readonly string[])[] {
  return changeOf(given).layers.map((layer) => layer.map(dirspaceName));
}
