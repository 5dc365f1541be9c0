/** One directory plus one workspace: the unit of planning, locking, approval and drift. `dir` is relative to the repository root, `.` for the root itself. */
export interface Dirspace {
  readonly dir: string;
  readonly workspace: string;
}

/** A key that is unique per dirspace and sorts by directory, then workspace. NUL cannot stand in a path. */
export function dirspaceKey(dirspace: Dirspace): string {
  return `${dirspace.dir}\u0000${dirspace.workspace}`;
}

/** Order for lists that people read and for locks that must be taken in one order. Code units, so the same everywhere. */
export function compareDirspaces(a: Dirspace, b: Dirspace): number {
  const left = dirspaceKey(a);
  const right = dirspaceKey(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** How a dirspace is written for people: the directory alone when the workspace is the usual one. */
export function dirspaceName(dirspace: Dirspace): string {
  return dirspace.workspace === 'default' ? dirspace.dir : `${dirspace.dir} (${dirspace.workspace})`;
}
