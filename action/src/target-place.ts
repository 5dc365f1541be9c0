import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

export type Place =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Names of a workspace that terraform itself takes (it must survive URL escaping), less those that look like options or paths. */
const WORKSPACE = /^[A-Za-z0-9_][A-Za-z0-9_.~+=:@$&-]{0,89}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const CONTROL = /[\u0000-\u001f\u007f]/;

export function isWorkspaceName(name: string): boolean {
  return WORKSPACE.test(name);
}

/** The directory of a dirspace inside the checkout. Refused: names that lead out of it, by themselves or through symbolic links, and git's own. */
export async function targetPlace(checkout: string, dir: string): Promise<Place> {
  const inside = await insidePath(checkout, dir);
  if (!inside.ok) {
    return inside;
  }
  const found = await stat(inside.path).catch(() => null);
  return found?.isDirectory() === true
    ? inside
    : {
        ok: false,
        code: 'directory-missing',
        message: `The directory ${shown(dir)} is not in the merge of head and base.`,
      };
}

/** An existing file or directory named relative to `from`, which must really be below `checkout`. */
export async function insidePath(checkout: string, name: string, from = checkout): Promise<Place> {
  const bad = { ok: false, code: 'bad-path', message: `${shown(name)} leads out of the repository.` } as const;
  if (name === '' || name.length > 4_096 || CONTROL.test(name) || isAbsolute(name) || name.includes('\\')) {
    return bad;
  }
  const root = await realpath(checkout);
  const path = await realpath(resolve(from, name)).catch(() => null);
  if (path === null) {
    return { ok: false, code: 'directory-missing', message: `${shown(name)} is not in the merge of head and base.` };
  }
  const below = relative(root, path);
  if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below) || below.split(sep)[0] === '.git') {
    return bad;
  }
  return { ok: true, path };
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 300));
}
