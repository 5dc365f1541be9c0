import { readdir, readFile } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import { field, isRecord, listOf, parseJson } from '../../src/plans/foreign-json.ts';
import type { TargetRoom } from './target-session.ts';

type Entries = ReadonlyMap<string, () => Buffer>;
type Place = Pick<TargetRoom, 'path' | 'dataDir' | 'tool'>;

const CODE = 'tfconfig/';
const MODULES = `${CODE}modules.json`;
const MODULE = `${CODE}m-`;
/** What a record of the module list says. The engine reads these names in any case, and only as they are here are they read here. */
const RECORD_KEYS = ['Key', 'Source', 'Version', 'Dir'] as const;

/**
 * A plan file holds the code it was made from, and the engine applies with that: what is only known then, provisioners and
 * providers' settings come from it, and none of them can be read in the plan. Answers the files in which it is not the code that
 * stands here, ready for an apply; empty: it is the same, file by file. Throws `Error` when the archive is none of an engine's.
 */
export async function otherCode(entries: Entries, place: Place): Promise<readonly string[]> {
  const planned = plannedModules(entries);
  const here = await modulesHere(place);
  const differs: string[] = [];
  const seenAt = new Map<string, string>();
  for (const [key, module] of planned) {
    const dir = here.get(key);
    // Two modules in one place of the archive: the engine would read either's files for both.
    if (dir === undefined || (seenAt.get(module.dir) ?? dir) !== dir) {
      differs.push(`module ${key}`);
      continue;
    }
    seenAt.set(module.dir, dir);
    differs.push(
      ...(await otherFiles(module.files, resolve(place.path, dir), place)).map((name) => labelOf(key, name)),
    );
  }
  return planned.has('') ? differs.toSorted() : ['the root module', ...differs];
}

interface PlannedModule {
  /** Where the archive says that it is; what the engine finds its files by. */
  readonly dir: string;
  readonly files: ReadonlyMap<string, () => Buffer>;
}

function plannedModules(entries: Entries): ReadonlyMap<string, PlannedModule> {
  const modules = new Map<string, { readonly dir: string; readonly files: Map<string, () => Buffer> }>();
  const list = parseJson(entries.get(MODULES)?.().toString('utf8') ?? '');
  for (const record of listOf(list)) {
    const key = field(record, 'Key');
    const dir = field(record, 'Dir');
    const odd = !isRecord(record) || Object.keys(record).some(isAlmostKey);
    if (odd || typeof key !== 'string' || typeof dir !== 'string' || modules.has(key) || !dir.isWellFormed()) {
      throw new Error('not a plan file: its list of modules cannot be read');
    }
    modules.set(key, { dir: posix.normalize(dir).replace(/(.)\/$/, '$1'), files: new Map() });
  }
  for (const [name, bytes] of entries) {
    if (!name.startsWith(CODE) || name === MODULES) {
      continue;
    }
    const cut = name.lastIndexOf('/');
    const module = name.startsWith(MODULE)
      ? modules.get(name.slice(MODULE.length, Math.max(MODULE.length, cut)))
      : undefined;
    if (module === undefined || cut < MODULE.length) {
      throw new Error('not a plan file: it holds code of a module that it does not list');
    }
    module.files.set(name.slice(cut + 1), bytes);
  }
  return modules;
}

/** In Unicode's case folding, as Go's encoding/json compares names. */
function isAlmostKey(name: string): boolean {
  const folded = (text: string) => text.toUpperCase().toLowerCase();
  return RECORD_KEYS.some((key) => key !== name && folded(key) === folded(name));
}

/** Where `init` has put each module, by the same keys. */
async function modulesHere({ dataDir }: Place): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(resolve(dataDir, 'modules', 'modules.json'), 'utf8').catch(() => '');
  const records = listOf(field(parseJson(text), 'Modules')).flatMap((record) => {
    const key = field(record, 'Key');
    const dir = field(record, 'Dir');
    return typeof key === 'string' && typeof dir === 'string' ? [[key, dir] as const] : [];
  });
  return new Map([...records, ['', '.']]);
}

async function otherFiles(planned: PlannedModule['files'], dir: string, place: Place): Promise<readonly string[]> {
  const here = codeFiles(await readdir(dir).catch(() => []), place.tool);
  const differs: string[] = [];
  for (const name of new Set([...here, ...planned.keys()])) {
    const bytes = planned.get(name);
    const own = here.has(name) ? await readFile(resolve(dir, name)).catch(() => null) : null;
    if (bytes === undefined || own === null || !bytes().equals(own)) {
      differs.push(name);
    }
  }
  return differs;
}

/** The files of a directory that the engine reads as code. Sources: Terraform's and OpenTofu's parser_config_dir.go. */
function codeFiles(names: readonly string[], { engine, version }: Place['tool']): ReadonlySet<string> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const tofu = engine === 'tofu' && (major > 1 || minor >= 8);
  const all = new Set(names);
  return new Set(
    names.filter((name) => {
      const end = /\.(tf|tofu)(\.json)?$/.exec(name);
      const ignored = name.startsWith('.') || name.endsWith('~') || (name.startsWith('#') && name.endsWith('#'));
      if (end === null || ignored || (end[1] === 'tofu' && !tofu)) {
        return false;
      }
      const twin = `${name.slice(0, end.index)}.tofu${end[2] ?? ''}`;
      return end[1] === 'tofu' || !tofu || !all.has(twin);
    }),
  );
}

function labelOf(key: string, name: string): string {
  return key === '' ? name : `module ${key}: ${name}`;
}
