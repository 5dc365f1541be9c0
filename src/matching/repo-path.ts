/**
 * Bring a path relative to the repository root into its one form: no leading `./`, no `//`, no trailing `/`, `.` and `..`
 * resolved, `.` for the root itself. Undefined when it leaves the repository.
 */
export function normalPath(path: string): string | undefined {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      if (kept.pop() === undefined) {
        return undefined;
      }
    } else if (part !== '' && part !== '.') {
      kept.push(part);
    }
  }
  return kept.length === 0 ? '.' : kept.join('/');
}

/** Resolve `relative` against `dir`, both inside the repository. Undefined when the result leaves it. */
export function joinPath(dir: string, relative: string): string | undefined {
  return normalPath(`${dir}/${relative}`);
}

/** Directory of a file, `.` at the root. */
export function dirOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '.' : path.slice(0, slash);
}

/** The path of `name` inside `dir`. */
export function pathIn(dir: string, name: string): string {
  return dir === '.' ? name : `${dir}/${name}`;
}
