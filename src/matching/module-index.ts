import type { ModuleCalls, ModuleIndex } from '../domain/change.ts';
import { localModuleSources, localModuleSourcesJson, type TerragruntPath, terragruntPaths } from './hcl-modules.ts';
import { dirOf, joinPath, pathIn } from './repo-path.ts';

/** A file of the checkout; the path is relative to the repository root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Must this file be read for the index? Copies that Terraform and Terragrunt keep are none of the repository's. */
export function isIndexed(path: string): boolean {
  return (
    /\.(?:tf|tofu|tf\.json|tofu\.json|hcl)$/.test(path) &&
    !path.endsWith('.terraform.lock.hcl') &&
    !/(?:^|\/)\.(?:terraform|terragrunt-cache)\//.test(path)
  );
}

/**
 * Which directory calls which, from the text of `.tf`, `.tofu`, their JSON forms and Terragrunt's `.hcl`. The result has names
 * alone. `symlinks` are pairs of link and target, from the root. Order of the files does not matter.
 */
export function buildModuleIndex(files: Iterable<SourceFile>, symlinks: ModuleIndex['symlinks'] = []): ModuleIndex {
  const all = [...files].filter(({ path }) => isIndexed(path));
  const paths = new Set(all.map(({ path }) => path));
  const found = new Map<string, { readonly modules: Set<string>; readonly dependencies: Set<string> }>();
  for (const { path, text } of all) {
    const dir = dirOf(path);
    const calls = found.get(dir) ?? { modules: new Set(), dependencies: new Set() };
    found.set(dir, calls);
    for (const { kind, target } of targetsOf(path, text, paths)) {
      if (target !== undefined && target !== dir) {
        (kind === 'module' ? calls.modules : calls.dependencies).add(relativePath(dir, target));
      }
    }
  }
  const entries = [...found]
    .filter(([, { modules, dependencies }]) => modules.size + dependencies.size > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([dir, { modules, dependencies }]): [string, ModuleCalls] => [
      dir,
      { modules: [...modules].sort(), ...(dependencies.size > 0 ? { dependencies: [...dependencies].sort() } : {}) },
    ]);
  return { paths: Object.fromEntries(entries), symlinks };
}

interface Target {
  readonly kind: 'module' | 'dependency';
  readonly target: string | undefined;
}

function targetsOf(path: string, text: string, paths: ReadonlySet<string>): readonly Target[] {
  const dir = dirOf(path);
  if (path.endsWith('.hcl')) {
    return terragruntPaths(text).map((one) => ({ kind: one.kind, target: terragruntTarget(dir, one, paths) }));
  }
  const sources = path.endsWith('.json') ? localModuleSourcesJson(text) : localModuleSources(text);
  return sources.map((source) => ({ kind: 'module', target: joinPath(dir, source) }));
}

function terragruntTarget(
  dir: string,
  { from, file, path }: TerragruntPath,
  paths: ReadonlySet<string>,
): string | undefined {
  switch (from) {
    case 'dir':
      return joinPath(dir, path);
    case 'repository':
      return joinPath('.', path);
    case 'parent-folders': {
      const parent = folderWith(dir, file ?? 'terragrunt.hcl', paths);
      return parent === undefined ? undefined : joinPath(parent, path);
    }
  }
}

/** The nearest directory above `dir` that has the file; Terragrunt never looks in `dir` itself. */
function folderWith(dir: string, file: string, paths: ReadonlySet<string>): string | undefined {
  for (let at = dir; at !== '.'; ) {
    at = dirOf(at);
    if (paths.has(pathIn(at, file))) {
      return at;
    }
  }
  return undefined;
}

function relativePath(from: string, to: string): string {
  const a = from === '.' ? [] : from.split('/');
  const b = to === '.' ? [] : to.split('/');
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) {
    same += 1;
  }
  const path = [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
  return path.startsWith('..') ? path : `./${path}`;
}
