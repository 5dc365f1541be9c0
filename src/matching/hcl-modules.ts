import { type HclAttribute, hclAttributes } from './hcl-blocks.ts';
import type { HclToken } from './hcl-tokens.ts';

/** The `source` of every `module` block that is a path in the repository, as written. Text is `.tf` or `.tofu`. */
export function localModuleSources(text: string): readonly string[] {
  // Most files call nothing, and looking for the word is much cheaper than cutting them into tokens.
  if (!text.includes('module')) {
    return [];
  }
  return hclAttributes(text).flatMap((attribute) => {
    const [value, ...more] = attribute.value;
    const isSource = attribute.block === 'module' && attribute.name === 'source' && more.length === 0;
    return isSource && value?.kind === 'string' && !value.template && isLocal(value.text) ? [value.text] : [];
  });
}

/** The same for JSON syntax (`.tf.json`). Text that is not JSON has none. */
export function localModuleSourcesJson(text: string): readonly string[] {
  const modules = member(parseJson(text), 'module');
  const blocks = Array.isArray(modules) ? modules.flatMap(membersOf) : membersOf(modules);
  return blocks
    .flatMap((block) => (Array.isArray(block) ? block : [block]))
    .map((block) => member(block, 'source'))
    .filter((source) => typeof source === 'string')
    .filter(isLocal);
}

/** What a Terragrunt file names. Paths are as written, or after a marker that says what they start from. */
export interface TerragruntPath {
  readonly kind: 'module' | 'dependency';
  readonly from: 'dir' | 'repository' | 'parent-folders';
  /** With `parent-folders`: the file that is looked for, upwards. */
  readonly file?: string;
  readonly path: string;
}

/** Local paths of `terraform.source`, `dependency`, `dependencies`, `include`, and files found in parent folders. */
export function terragruntPaths(text: string): readonly TerragruntPath[] {
  return hclAttributes(text).flatMap((attribute) => [...namedPaths(attribute), ...parentFolders(attribute.value)]);
}

function namedPaths({ block, name, value }: HclAttribute): readonly TerragruntPath[] {
  switch (`${block}.${name}`) {
    case 'terraform.source':
      return strings(value.slice(0, 1)).flatMap((token) => localPath('module', token));
    case 'dependency.config_path':
      return strings(value.slice(0, 1)).flatMap((token) => localPath('dependency', token));
    case 'dependencies.paths':
      return strings(value).flatMap((token) => localPath('dependency', token));
    case 'include.path':
      return strings(value.slice(0, 1))
        .flatMap((token) => localPath('dependency', token))
        .map((path) => ({ ...path, path: path.path.replace(/\/?[^/]*$/, '') || '.' }));
    default:
      return [];
  }
}

/** Every call of `find_in_parent_folders`: an `include`, or a file that is read for its locals. */
function parentFolders(value: readonly HclToken[]): readonly TerragruntPath[] {
  return value.flatMap((token, at) => {
    if (token.kind !== 'word' || token.text !== 'find_in_parent_folders') {
      return [];
    }
    const argument = value[at + 2];
    const file = argument?.kind === 'string' && !argument.template ? argument.text : 'terragrunt.hcl';
    return [{ kind: 'dependency', from: 'parent-folders', file, path: '.' } as const];
  });
}

const FROM_ROOT = /^\$\{get_(?:repo_root|path_to_repo_root)\(\)\}\/*/;
const FROM_DIR = /^\$\{get_terragrunt_dir\(\)\}\/*/;
const FROM_PARENT = /^\$\{dirname\(find_in_parent_folders\((?:"([^"$]*)")?\)\)\}\/*/;

function localPath(
  kind: TerragruntPath['kind'],
  { text, template }: HclToken & { readonly kind: 'string' },
): readonly TerragruntPath[] {
  const clean = (path: string): string => path.replace(/\?.*$/s, '');
  if (!template) {
    // A dependency may be written without a leading dot, a module source may not: there it would be a registry address.
    const isPath = isLocal(text) || text === '..' || text === '.' || (kind === 'dependency' && !/^\/|:/.test(text));
    return isPath ? [{ kind, from: 'dir', path: clean(text) }] : [];
  }
  const parent = FROM_PARENT.exec(text);
  const rest = clean(text.replace(FROM_ROOT, '').replace(FROM_DIR, '').replace(FROM_PARENT, ''));
  if (rest.includes('${') || rest.includes('%{')) {
    return [];
  }
  if (parent !== null) {
    return [{ kind, from: 'parent-folders', file: parent[1] ?? 'terragrunt.hcl', path: rest || '.' }];
  }
  return [{ kind, from: FROM_ROOT.test(text) ? 'repository' : 'dir', path: rest || '.' }];
}

function strings(tokens: readonly HclToken[]): readonly (HclToken & { readonly kind: 'string' })[] {
  return tokens.filter((token) => token.kind === 'string');
}

/** Terraform takes a source for a path only with one of these beginnings: https://developer.hashicorp.com/terraform/language/modules/sources#local-paths */
function isLocal(source: string): boolean {
  return source.startsWith('./') || source.startsWith('../');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function membersOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
