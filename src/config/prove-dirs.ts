import type { DependsOn, DirConfig, StackConfig, WhenModified, WorkspaceConfig } from '../domain/repo-config.ts';
import { normalPath } from '../matching/repo-path.ts';
import type { KeyPath } from './key-path.ts';
import type { Prover } from './prove-values.ts';
import type { RawDir, RawStack, RawWhenModified } from './schema-dirs.ts';

/** What `${DIR}` stands before when a repository says nothing. */
export const DEFAULT_FILE_PATTERNS: readonly string[] = ['${DIR}/*.tf', '${DIR}/*.tfvars'];

/** The global `when_modified` with its defaults. */
export function proveWhenModified(raw: RawWhenModified | undefined, path: KeyPath, prover: Prover): WhenModified {
  const patterns = raw?.file_patterns?.map((pattern) => pattern.replace(/^(!?)(?:\*\*\/|(?=\*))/, '$1$${DIR}/'));
  return override(
    { filePatterns: DEFAULT_FILE_PATTERNS, autoplan: true, autoplanDraftPr: true, autoapply: false },
    { ...raw, file_patterns: patterns },
    path,
    prover,
  );
}

function override(base: WhenModified, raw: RawWhenModified | undefined, path: KeyPath, prover: Prover): WhenModified {
  if (raw === undefined) {
    return base;
  }
  const { file_patterns, autoplan, autoplan_draft_pr, autoapply, depends_on } = raw;
  const dependsOn =
    depends_on === undefined ? base.dependsOn : proveDependsOn(depends_on, [...path, 'depends_on'], prover);
  for (const [index, pattern] of (file_patterns ?? []).entries()) {
    prover.glob(pattern, [...path, 'file_patterns', index]);
  }
  return {
    filePatterns: file_patterns ?? base.filePatterns,
    autoplan: autoplan ?? base.autoplan,
    autoplanDraftPr: autoplan_draft_pr ?? base.autoplanDraftPr,
    autoapply: autoapply ?? base.autoapply,
    ...(dependsOn === undefined ? {} : { dependsOn }),
  };
}

function proveDependsOn(raw: NonNullable<RawWhenModified['depends_on']>, path: KeyPath, prover: Prover): DependsOn {
  return typeof raw === 'string'
    ? { tagQuery: prover.tagQuery(raw, path), pruneOnNoChange: false }
    : {
        tagQuery: prover.tagQuery(raw.tag_query, [...path, 'tag_query']),
        pruneOnNoChange: raw.prune_on_no_change ?? false,
      };
}

/** `dirs`, each workspace with everything it inherits. */
export function proveDirs(
  raw: Readonly<Record<string, RawDir>>,
  global: { readonly whenModified: WhenModified; readonly createAndSelectWorkspace: boolean },
  prover: Prover,
): readonly DirConfig[] {
  const seen = new Map<string, string>();
  return Object.entries(raw).map(([name, dir]) => {
    const path = ['dirs', name];
    const whenModified = override(global.whenModified, dir.when_modified, [...path, 'when_modified'], prover);
    const key = proveDirKey(name, path, prover);
    const same = seen.get(key);
    if (same !== undefined) {
      const message = `This is the same directory as \`${same}\`.`;
      prover.report({ code: 'conflicting-keys', path, at: 'key', message });
    }
    seen.set(key, name);
    return {
      key,
      glob: isGlobKey(name),
      createAndSelectWorkspace: dir.create_and_select_workspace ?? global.createAndSelectWorkspace,
      createIfMissing: dir.create_if_missing ?? false,
      lockBranchTarget: dir.lock_branch_target ?? 'all',
      workspaces: proveWorkspaces(dir, whenModified, path, prover),
    };
  });
}

function proveWorkspaces(dir: RawDir, whenModified: WhenModified, path: KeyPath, prover: Prover): WorkspaceConfig[] {
  const own = proveTags(dir.tags, [...path, 'tags'], prover);
  const entries = Object.entries(dir.workspaces ?? {});
  if (entries.length === 0) {
    return [{ name: 'default', tags: own, whenModified }];
  }
  return entries.map(([name, workspace]) => {
    const at = [...path, 'workspaces', name];
    if (!/^[^\s/\\'"$`-][^\s/\\'"$`]{0,89}$/u.test(name) || hasControl(name)) {
      const message =
        'Not the name of a workspace: no spaces, slashes, quotes, `$`, no `-` at the beginning, at most 90 characters.';
      prover.report({ code: 'name', path: at, at: 'key', message });
    }
    return {
      name,
      tags: [...own, ...proveTags(workspace.tags, [...at, 'tags'], prover)],
      whenModified: override(whenModified, workspace.when_modified, [...at, 'when_modified'], prover),
    };
  });
}

/** A key with `*` is a glob, as in the model; everything else is a directory, whatever characters it has. */
function isGlobKey(name: string): boolean {
  return name.includes('*');
}

function proveDirKey(name: string, path: KeyPath, prover: Prover): string {
  if (isGlobKey(name)) {
    return prover.glob(name, path, 'key');
  }
  const normal = name === '' || name.startsWith('/') || hasControl(name) ? undefined : normalPath(name);
  if (normal === undefined) {
    const message = 'Must be a directory inside the repository, relative to its root (`.` for the root itself).';
    prover.report({ code: 'path', path, at: 'key', message });
  }
  return normal ?? name;
}

function proveTags(tags: readonly string[] | undefined, path: KeyPath, prover: Prover): readonly string[] {
  for (const [index, tag] of (tags ?? []).entries()) {
    if (tag === '' || tag.length > 255 || hasControl(tag)) {
      const message = 'A tag is a text of 1 to 255 characters without control characters.';
      prover.report({ code: 'name', path: [...path, index], message });
    }
  }
  return tags ?? [];
}

/** Control characters have no place in names: they would end up in comments and command lines. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** `stacks.names`. References are proven when all sources are merged: a stack may be defined in another one. */
export function proveStacks(raw: Readonly<Record<string, RawStack>>, prover: Prover): readonly StackConfig[] {
  return Object.entries(raw).map(([name, stack]) => {
    const path = ['stacks', 'names', name];
    const rules = stack.rules ?? {};
    if (stack.tag_query !== undefined && stack.stacks !== undefined) {
      const message = 'A stack has dirspaces (`tag_query`) or other stacks (`stacks`), not both.';
      prover.report({ code: 'conflicting-keys', path: [...path, 'stacks'], at: 'key', message });
    }
    return {
      name,
      select:
        stack.stacks === undefined
          ? {
              kind: 'dirspaces',
              tagQuery: prover.tagQuery(stack.tag_query ?? '', [...path, 'tag_query']),
            }
          : { kind: 'stacks', stacks: stack.stacks },
      variables: prover.env(stack.variables, [...path, 'variables']),
      rules: {
        planAfter: rules.plan_after ?? rules.modified_by ?? [],
        applyAfter: rules.apply_after ?? [],
        modifiedBy: rules.modified_by ?? [],
        autoApply: rules.auto_apply ?? false,
      },
    };
  });
}
