import type { ConfigProblem } from '../domain/notice.ts';
import { checkShape } from './check-shape.ts';
import { type Finding, MAX_FINDINGS } from './finding.ts';
import { given } from './given.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import { type Moved, modernConfig } from './modern-config.ts';
import type { PlainValue } from './plain-value.ts';
import { proveConfig } from './prove-config.ts';
import { type Place, readYaml } from './read-yaml.ts';
import { RawRepoConfig } from './schema.ts';
import { unknownNulls } from './schema-findings.ts';

/** One file: valid by itself, in modern form, not yet merged with others and without defaults. */
export interface RawConfig {
  readonly file: string;
  readonly raw: RawRepoConfig;
  /** Paths (as `formatPath` writes them) of lists that replace those of earlier sources. */
  readonly replaces: ReadonlySet<string>;
  /** Keys with an explicit null: what earlier sources say there is forgotten. */
  readonly resets: readonly KeyPath[];
  /** The problem that a finding is, with its place in this file. */
  readonly problem: (finding: Finding) => ConfigProblem;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: RawConfig; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * One configuration file, from text to proven values. All problems at once, syntax and meaning alike, each with its place;
 * never throws, whatever the text. What can only be judged with the other sources (references between stacks) is left to
 * `effectiveConfig`. An empty file says nothing, and that is fine.
 */
export function parseConfig(text: string, options: { readonly file: string }): ParsedConfig {
  const { file } = options;
  const yaml = readYaml(text);
  const problems = yaml.problems.map(({ code, place, message }) => ({ code, file, ...place, path: '', message }));
  if (!yaml.ok) {
    return { ok: false, problems };
  }
  const locate: Locate = (finding, path) => yaml.locate(path, finding.at ?? 'value', finding.offset);
  return parseValue({ file, value: yaml.value, replacing: yaml.replacing, problems, locate });
}

type Locate = (finding: Finding, path: KeyPath) => Place;

interface Read {
  readonly file: string;
  readonly value: PlainValue;
  readonly replacing: WeakSet<object>;
  readonly problems: readonly ConfigProblem[];
  readonly locate: Locate;
}

function parseValue(read: Read): ParsedConfig {
  const { file, locate } = read;
  const marks = new Marks(read.replacing);
  const value = marks.read(read.value);
  const shape = checkShape(value);
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const found = { error: collector(errors), warning: collector(warnings) };
  const { config: raw, moved } = modernConfig(shape.config, found);
  const problem = (finding: Finding): ConfigProblem => {
    const path = shape.writtenPath(movedPath(finding.path, moved));
    return problemOf(file, { ...finding, path }, locate);
  };
  proveConfig(raw, found.error, found.warning);
  const shapeless = [...shape.findings, ...unknownNulls(RawRepoConfig, value, marks.resets)];
  if (read.problems.length + shapeless.length + errors.length > 0) {
    const all = [
      ...read.problems,
      ...shapeless.map((finding) => problemOf(file, finding, locate)),
      ...errors.map(problem),
    ];
    return { ok: false, problems: sorted(all) };
  }
  const config = { file, raw, replaces: marks.replaces, resets: marks.resets, problem };
  return { ok: true, config, warnings: sorted(warnings.map(problem)) };
}

function collector(findings: Finding[]): (finding: Finding) => void {
  return (finding) => {
    if (findings.length < MAX_FINDINGS) {
      findings.push(finding);
    }
  };
}

function problemOf(file: string, finding: Finding, locate: (finding: Finding, path: KeyPath) => Place): ConfigProblem {
  const { code, path, message, allowed, nearest } = finding;
  return {
    code,
    file,
    ...locate(finding, path),
    path: formatPath(path),
    message,
    ...given({ allowed, nearest }),
  };
}

/** The path in the file of something that stands elsewhere in the modern form. */
function movedPath(path: KeyPath, moved: readonly Moved[]): KeyPath {
  const move = moved.find(({ to }) => to.every((part, index) => path[index] === part));
  return move === undefined ? path : [...move.from, ...path.slice(move.to.length)];
}

function sorted(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Maps whose entries mean something although nothing is said about them: `workspaces: {prod: }`. */
function isNamed(path: KeyPath): boolean {
  const [top, , part] = path;
  return top === 'dirs' && (path.length === 1 || (path.length === 3 && (part === 'workspaces' || part === 'stacks')));
}

/** Takes nulls and `!replace` out of the values and remembers where they were. */
class Marks {
  readonly replaces = new Set<string>();
  readonly resets: KeyPath[] = [];
  readonly #replacing: WeakSet<object>;
  /** Where the value stands that is being read. */
  readonly #path: (string | number)[] = [];

  constructor(replacing: WeakSet<object>) {
    this.#replacing = replacing;
  }

  /** The value without its nulls; itself where there is none, which is nearly everywhere. */
  read(value: PlainValue): unknown {
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    if (Array.isArray(value)) {
      if (this.#replacing.has(value)) {
        this.replaces.add(formatPath(this.#path));
      }
      const items = value.map((item, index) => this.#readPart(item, index));
      return items.every((item, index) => item === value[index]) ? value : items;
    }
    const named = isNamed(this.#path);
    let isSame = true;
    const entries: [string, unknown][] = [];
    for (const name of Object.keys(value)) {
      const inner = value[name] ?? null;
      if (inner !== null) {
        const read = this.#readPart(inner, name);
        isSame &&= read === inner;
        entries.push([name, read]);
      } else {
        isSame = false;
        if (named) {
          entries.push([name, {}]);
        } else {
          this.resets.push([...this.#path, name]);
        }
      }
    }
    return isSame ? value : Object.fromEntries(entries);
  }

  #readPart(value: PlainValue, name: string | number): unknown {
    // What stands in `definitions` means nothing.
    if (typeof value !== 'object' || (this.#path.length === 0 && name === 'definitions')) {
      return value;
    }
    this.#path.push(name);
    const read = this.read(value);
    this.#path.pop();
    return read;
  }
}
