import { compileGlob, escapeGlob, type Glob, splitNegation } from './glob.ts';

/**
 * A file pattern made ready for one dirspace: a literal directory, found by a look-up, and a glob for what follows.
 * `direct`: the glob is about names inside `prefix` alone, not about anything deeper.
 */
export interface Pattern {
  readonly text: string;
  readonly negated: boolean;
  /** `.` for the repository root. */
  readonly prefix: string;
  readonly rest: string;
  readonly direct: boolean;
  readonly glob: Glob;
}

/** `never`: the pattern points out of the repository. */
export type PreparedPattern =
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'never' }
  | { readonly kind: 'problem'; readonly problem: string };

/** What `${DIR}` and `${WORKSPACE}` stand for. */
export interface PatternPlace {
  readonly dir: string;
  readonly workspace: string;
}

interface Segment {
  readonly glob: string;
  /** The text it stands for when it has no wildcard. */
  readonly literal: string | undefined;
}

interface Template {
  readonly negated: boolean;
  readonly segments: readonly string[];
  /** `${DIR}/<one segment>`, the shape of nearly all patterns: what follows is compiled once for all directories. */
  readonly simple: { readonly rest: string; readonly glob: Glob } | undefined;
}

/** How a file pattern names the directory of its dirspace. */
export const DIR_VARIABLE = '$'.concat('{DIR}');
const VARIABLE = /\$\{(DIR|WORKSPACE)\}/g;
const EXTENDED = '!?+*@';

/** Compiles patterns; keeps what many directories share, so that fifty thousand of them cost two compilations. */
export class PatternCompiler {
  readonly #templates = new Map<string, Template>();
  readonly #globs = new Map<string, ReturnType<typeof compileGlob>>();

  /** Substitute, resolve `.` and `..` textually, and split the literal directory off. `place` absent: nothing is substituted. */
  compile(text: string, place?: PatternPlace): PreparedPattern {
    const template = this.#template(text);
    if (template.simple !== undefined && place !== undefined) {
      const { rest, glob } = template.simple;
      return {
        kind: 'pattern',
        pattern: { text, negated: template.negated, prefix: place.dir, rest, direct: isDirect(rest), glob },
      };
    }
    const segments = resolve(template.segments, place);
    if (segments === undefined) {
      return { kind: 'never' };
    }
    return this.#split(text, template.negated, segments);
  }

  #split(text: string, negated: boolean, segments: readonly Segment[]): PreparedPattern {
    const wild = segments.findIndex((segment) => segment.literal === undefined);
    const cut = wild === -1 ? segments.length - 1 : wild;
    const literal = wild === -1 ? segments[cut]?.literal : undefined;
    const prefix = segments
      .slice(0, cut)
      .map((segment) => segment.literal)
      .join('/');
    const rest = segments
      .slice(cut)
      .map((segment) => segment.glob)
      .join('/');
    if (rest === '') {
      return { kind: 'never' };
    }
    const base = { text, negated, prefix: prefix === '' ? '.' : prefix, rest, direct: isDirect(rest) };
    if (literal !== undefined) {
      return { kind: 'pattern', pattern: { ...base, direct: true, glob: { matches: (path) => path === literal } } };
    }
    const compiled = this.#glob(rest);
    return compiled.ok
      ? { kind: 'pattern', pattern: { ...base, glob: compiled.glob } }
      : { kind: 'problem', problem: compiled.problem };
  }

  #template(text: string): Template {
    const known = this.#templates.get(text);
    if (known !== undefined) {
      return known;
    }
    const { negated, glob } = splitNegation(text);
    const segments = splitSegments(glob);
    const [first, second = '', ...more] = segments;
    const isSimple =
      first === DIR_VARIABLE && more.length === 0 && second !== '' && !second.includes('${') && !/^\.\.?$/.test(second);
    const compiled = isSimple ? this.#glob(second) : undefined;
    const simple = compiled?.ok === true ? { rest: second, glob: compiled.glob } : undefined;
    const template = { negated, segments, simple };
    this.#templates.set(text, template);
    return template;
  }

  #glob(text: string): ReturnType<typeof compileGlob> {
    const known = this.#globs.get(text);
    if (known !== undefined) {
      return known;
    }
    const suffix = /^\*(\.[A-Za-z0-9._-]+)$/.exec(text)?.[1];
    const compiled = suffix === undefined ? compileGlob(text) : nameEndsWith(suffix);
    this.#globs.set(text, compiled);
    return compiled;
  }
}

/** Does a pattern (negation aside) match this path? */
export function patternMatches(pattern: Pattern, path: string): boolean {
  if (pattern.prefix === '.') {
    return (!pattern.direct || !path.includes('/')) && pattern.glob.matches(path);
  }
  if (!path.startsWith(pattern.prefix) || path.charAt(pattern.prefix.length) !== '/') {
    return false;
  }
  const rest = path.slice(pattern.prefix.length + 1);
  return (!pattern.direct || !rest.includes('/')) && pattern.glob.matches(rest);
}

function nameEndsWith(suffix: string): ReturnType<typeof compileGlob> {
  return { ok: true, glob: { matches: (path) => path.endsWith(suffix) && !path.includes('/') } };
}

function isDirect(rest: string): boolean {
  return !rest.includes('/') && !rest.includes('**');
}

function resolve(parts: readonly string[], place: PatternPlace | undefined): readonly Segment[] | undefined {
  const kept: Segment[] = [];
  for (const part of parts) {
    if (part === '..') {
      if (kept.pop() === undefined) {
        return undefined;
      }
    } else if (part !== '' && part !== '.') {
      kept.push(...substituted(part, place));
    }
  }
  return kept;
}

function substituted(part: string, place: PatternPlace | undefined): readonly Segment[] {
  if (place === undefined || !part.includes('${')) {
    return [{ glob: part, literal: literalOf(part) }];
  }
  const dir = place.dir === '.' ? '' : place.dir;
  const raw = (text: string): string =>
    text.replaceAll(VARIABLE, (_all, name) => (name === 'DIR' ? dir : place.workspace));
  // Whether there is a wildcard is asked of what the author wrote, never of a directory's name.
  const plain = literalOf(part.replaceAll(VARIABLE, ''));
  if (plain !== undefined) {
    const text = part.includes('\\') ? raw(literalOf(part) ?? part) : raw(part);
    return text
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .map((name) => ({ glob: escapeGlob(name), literal: name }));
  }
  const glob = part.replaceAll(VARIABLE, (_all, name) => escapeGlob(name === 'DIR' ? dir : place.workspace));
  return [{ glob, literal: undefined }];
}

/** The text that a segment stands for, or undefined when it has a wildcard. */
function literalOf(segment: string): string | undefined {
  let text = '';
  for (let at = 0; at < segment.length; at += 1) {
    const char = segment.charAt(at);
    if (char === '\\' && at + 1 < segment.length) {
      at += 1;
      text += segment.charAt(at);
    } else if ('*?[{'.includes(char) && !(char === '{' && segment.charAt(at - 1) === '$')) {
      return undefined;
    } else if (char === '(' && at > 0 && EXTENDED.includes(segment.charAt(at - 1))) {
      return undefined;
    } else {
      text += char;
    }
  }
  return text;
}

/** Split at slashes that stand outside of braces, groups and classes: `{a/b,c}` is one segment. */
function splitSegments(glob: string): readonly string[] {
  const segments: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob.charAt(at);
    if (char === '\\') {
      at += 1;
    } else if (char === '{' || char === '(') {
      depth += 1;
    } else if ((char === '}' || char === ')') && depth > 0) {
      depth -= 1;
    } else if (char === '/' && depth === 0) {
      segments.push(glob.slice(start, at));
      start = at + 1;
    }
  }
  segments.push(glob.slice(start));
  return segments;
}
