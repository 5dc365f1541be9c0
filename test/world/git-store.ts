import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git, tryGit } from './git-command.ts';
import { createMemory, isFixed, isFullSha } from './git-memory.ts';
import { type GitObject, objectAt, shaOf } from './git-objects.ts';

type FileContent = string | Uint8Array | null | { readonly mode: '100755' | '120000'; readonly content: string };
/** Path to content; `null` deletes. */
export type Files = Readonly<Record<string, FileContent>>;

export interface Author {
  readonly name: string;
  readonly email: string;
}

export interface ChangedFile {
  readonly path: string;
  readonly previousPath: string | undefined;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed';
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
}

export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly size: number | undefined;
  readonly path: string;
}

export interface CommitFacts {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Author & { readonly date: string };
  readonly message: string;
}

/** Create a bare repository that serves any commit over HTTP, as GitHub does. Written by hand: `init` and `config` are five processes. */
export async function initBare(directory: string, defaultBranch: string): Promise<void> {
  for (const part of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
    await mkdir(join(directory, part), { recursive: true });
  }
  await writeFile(join(directory, 'HEAD'), `ref: refs/heads/${defaultBranch}\n`);
  await writeFile(
    join(directory, 'config'),
    `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
[http]
	receivepack = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[gc]
	auto = 0
`,
  );
}

/** Commit files onto a branch in one process; creates the branch from `from` (a commit) if given, else from nothing. */
export async function commitFiles(
  directory: string,
  change: {
    readonly branch: string;
    readonly files: Files;
    readonly message: string;
    readonly author: Author;
    readonly at: Date;
    readonly from?: string | undefined;
  },
): Promise<string> {
  const who = `${change.author.name} <${change.author.email}> ${Math.floor(change.at.getTime() / 1000)} +0000`;
  const parts: (string | Uint8Array)[] = [`commit refs/heads/${change.branch}\nauthor ${who}\ncommitter ${who}\n`];
  pushData(parts, change.message);
  if (change.from !== undefined) {
    parts.push(`from ${change.from}^0\n`);
  }
  for (const [path, content] of Object.entries(change.files)) {
    if (content === null) {
      parts.push(`D ${quotePath(path)}\n`);
    } else if (typeof content === 'string' || content instanceof Uint8Array) {
      parts.push(`M 100644 inline ${quotePath(path)}\n`);
      pushData(parts, content);
    } else {
      parts.push(`M ${content.mode} inline ${quotePath(path)}\n`);
      pushData(parts, content.content);
    }
  }
  parts.push('\n');
  const input = Buffer.concat(parts.map((part) => Buffer.from(part)));
  await git(directory, ['fast-import', '--quiet', '--force', '--date-format=raw'], { input });
  return revParse(directory, `refs/heads/${change.branch}`);
}

function pushData(parts: (string | Uint8Array)[], content: string | Uint8Array): void {
  const bytes = Buffer.from(content);
  parts.push(`data ${bytes.length}\n`, bytes, '\n');
}

// fast-import reads C-style quoted paths; quoting always is simpler than deciding when.
function quotePath(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** The commit of a revision. Throws when there is none. */
export async function revParse(directory: string, revision: string): Promise<string> {
  const sha = await shaOf(directory, `${revision}^{commit}`);
  if (sha === undefined) {
    throw new Error(`${revision} is no commit of ${directory}`);
  }
  return sha;
}

/** Resolve a branch, tag, ref or sha to a commit; undefined if there is none. */
export async function tryRevision(directory: string, revision: string): Promise<string | undefined> {
  const candidates = isFullSha(revision) ? [revision] : [`refs/heads/${revision}`, `refs/tags/${revision}`, revision];
  for (const candidate of candidates) {
    const sha = await shaOf(directory, `${candidate}^{commit}`);
    if (sha !== undefined) {
      return sha;
    }
  }
  return undefined;
}

const mergeBaseMemory = createMemory<string | undefined>();

export function mergeBase(directory: string, one: string, other: string): Promise<string | undefined> {
  return mergeBaseMemory(directory, `${one} ${other}`, isFullSha(one) && isFullSha(other), () =>
    askMergeBase(directory, one, other),
  );
}

async function askMergeBase(directory: string, one: string, other: string): Promise<string | undefined> {
  const result = await tryGit(directory, ['merge-base', one, other]);
  return result.code === 0 ? result.stdout.toString().trim() : undefined;
}

const mergedTreeMemory = createMemory<string | undefined>();

/** What a merge of `head` into `base` would be: the tree, or undefined on conflict. */
export function mergedTree(directory: string, base: string, head: string): Promise<string | undefined> {
  return mergedTreeMemory(directory, `${base} ${head}`, isFullSha(base) && isFullSha(head), () =>
    askMergedTree(directory, base, head),
  );
}

async function askMergedTree(directory: string, base: string, head: string): Promise<string | undefined> {
  const result = await tryGit(directory, ['merge-tree', '--write-tree', '--no-messages', base, head]);
  return result.code === 0 ? result.stdout.toString().split('\n')[0]?.trim() : undefined;
}

export async function commitTree(
  directory: string,
  commit: {
    readonly tree: string;
    readonly parents: readonly string[];
    readonly message: string;
    readonly author: Author;
    readonly at: Date;
  },
): Promise<string> {
  // With `@` small numbers are seconds, too.
  const date = `@${Math.floor(commit.at.getTime() / 1000)} +0000`;
  return git(directory, ['commit-tree', commit.tree, ...commit.parents.flatMap((one) => ['-p', one]), '-F', '-'], {
    input: commit.message,
    env: {
      GIT_AUTHOR_NAME: commit.author.name,
      GIT_AUTHOR_EMAIL: commit.author.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: 'GitHub',
      GIT_COMMITTER_EMAIL: 'noreply@github.com',
      GIT_COMMITTER_DATE: date,
    },
  });
}

/** Written as git keeps it, in a file of its own: nothing here packs refs. */
export async function updateRef(directory: string, ref: string, sha: string): Promise<void> {
  const file = join(directory, ref);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${sha}\n`);
}

export async function deleteRef(directory: string, ref: string): Promise<void> {
  await git(directory, ['update-ref', '-d', ref]);
}

/** Bring a commit of another bare repository here, under a ref of this one. */
export async function fetchFrom(directory: string, source: string, sha: string, ref: string): Promise<void> {
  await git(directory, ['fetch', '--quiet', '--no-tags', source, `+${sha}:${ref}`]);
}

const changedFilesMemory = createMemory<readonly ChangedFile[]>();

/** Files changed from one commit to another, renames found as GitHub finds them (50 % similarity). */
export function changedFiles(directory: string, from: string, to: string): Promise<readonly ChangedFile[]> {
  return changedFilesMemory(directory, `${from} ${to}`, isFullSha(from) && isFullSha(to), () =>
    askChangedFiles(directory, from, to),
  );
}

async function askChangedFiles(directory: string, from: string, to: string): Promise<readonly ChangedFile[]> {
  const result = await git(directory, [
    'diff-tree',
    '-r',
    '-M50%',
    '-l1000',
    '--raw',
    '--numstat',
    '-z',
    '--no-abbrev',
    from,
    to,
  ]);
  return parseDiff(result);
}

const STATUS: Readonly<Record<string, ChangedFile['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
};

function parseDiff(text: string): readonly ChangedFile[] {
  const fields = text.split('\0');
  const files: Omit<ChangedFile, 'additions' | 'deletions'>[] = [];
  const lines = new Map<string, readonly [number, number]>();
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? '';
    if (field.startsWith(':')) {
      const [, , before = '', after = '', letter = 'M'] = field.split(' ');
      const status = STATUS[letter[0] ?? 'M'] ?? 'modified';
      const first = fields[++at] ?? '';
      const second = status === 'renamed' || status === 'copied' ? fields[++at] : undefined;
      const sha = status === 'removed' ? before : after;
      files.push({ path: second ?? first, previousPath: second === undefined ? undefined : first, status, sha });
    } else if (field !== '') {
      const [added = '0', removed = '0', path = ''] = field.split('\t');
      // A rename prints an empty path here, then both paths as fields of their own.
      if (path === '') {
        at += 2;
      }
      const name = path === '' ? (fields[at] ?? '') : path;
      lines.set(name, [Number(added) || 0, Number(removed) || 0]);
    }
  }
  return files.map((file) => {
    const [additions, deletions] = lines.get(file.path) ?? [0, 0];
    return { ...file, additions, deletions };
  });
}

/** Every entry below a tree-ish, in git's order; undefined when there is no such tree. */
export async function listTree(
  directory: string,
  treeish: string,
  recursive: boolean,
): Promise<{ readonly sha: string; readonly entries: readonly TreeEntry[] } | undefined> {
  // `rev:path^{tree}` would be read as a path that ends in `^{tree}`.
  const wanted = treeish.includes(':') ? treeish : `${treeish}^{tree}`;
  const sha = await shaOf(directory, wanted);
  if (sha === undefined) {
    return undefined;
  }
  const listing = await git(directory, ['ls-tree', '-z', '-l', ...(recursive ? ['-r', '-t'] : []), sha]);
  const entries = listing
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [meta = '', path = ''] = line.split('\t');
      const [mode = '', type = '', id = '', size = '-'] = meta.split(/ +/);
      return { mode, type, sha: id, size: size === '-' ? undefined : Number(size), path };
    });
  return { sha, entries };
}

const modeAtMemory = createMemory<number | undefined>();

/** The mode of what stands at a path, as a number; undefined if nothing does. */
export function modeAt(directory: string, commit: string, path: string): Promise<number | undefined> {
  return modeAtMemory(directory, `${commit}:${path}`, isFullSha(commit), () => askModeAt(directory, commit, path));
}

async function askModeAt(directory: string, commit: string, path: string): Promise<number | undefined> {
  const result = await tryGit(directory, ['ls-tree', '-z', commit, '--', path]);
  const [mode = ''] = result.stdout.toString().split(' ');
  return result.code === 0 && mode !== '' ? Number.parseInt(mode, 8) : undefined;
}

export async function commitFacts(directory: string, revision: string): Promise<CommitFacts | undefined> {
  const sha = await tryRevision(directory, revision);
  const found = sha === undefined ? undefined : await objectAt(directory, sha);
  return found === undefined ? undefined : parseCommit(found);
}

/** Source: the commit object as `git cat-file commit` prints it: headers, an empty line, the message. */
function parseCommit({ sha, bytes }: GitObject): CommitFacts {
  const text = bytes.toString();
  const end = text.indexOf('\n\n');
  const headers = text.slice(0, end).split('\n');
  const all = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const [, name = '', email = '', seconds = '0'] = /^(.*) <(.*)> (\d+)/.exec(all('author')[0] ?? '') ?? [];
  return {
    sha,
    tree: all('tree')[0] ?? '',
    parents: all('parent'),
    author: { name, email, date: new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z') },
    message: text.slice(end + 2).trimEnd(),
  };
}

const logOfMemory = createMemory<readonly CommitFacts[]>((found) => found.length > 0);

/** Commits in `git log` order for the given revisions, e.g. `['base..head', '--reverse']`. */
export function logOf(directory: string, args: readonly string[]): Promise<readonly CommitFacts[]> {
  return logOfMemory(
    directory,
    args.join(' '),
    args.every((one) => one.startsWith('-') || isFixed(one)),
    () => askLogOf(directory, args),
  );
}

async function askLogOf(directory: string, args: readonly string[]): Promise<readonly CommitFacts[]> {
  const result = await tryGit(directory, ['log', '-z', '--format=%H%n%T%n%P%n%an%n%ae%n%aI%n%B', ...args, '--']);
  if (result.code !== 0) {
    return [];
  }
  return result.stdout
    .toString()
    .split('\0')
    .filter((record) => record.trim() !== '')
    .map((record) => {
      const [sha = '', tree = '', parents = '', name = '', email = '', date = '', ...message] = record.split('\n');
      return {
        sha,
        tree,
        parents: parents.split(' ').filter((one) => one !== ''),
        author: { name, email, date },
        message: message.join('\n').trimEnd(),
      };
    });
}

const countCommitsMemory = createMemory<number>();

export function countCommits(directory: string, range: string): Promise<number> {
  return countCommitsMemory(directory, range, isFixed(range), () => askCountCommits(directory, range));
}

async function askCountCommits(directory: string, range: string): Promise<number> {
  return Number(await git(directory, ['rev-list', '--count', range]));
}
