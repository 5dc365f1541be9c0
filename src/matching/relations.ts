import type { Because, ChangeError } from '../domain/change.ts';
import { dirspaceName } from '../domain/dirspace.ts';
import type { DependsOn } from '../domain/repo-config.ts';
import type { TagQuery, TagQueryExpression } from '../domain/tag-query.ts';
import { components } from './components.ts';
import type { KnownDirspace } from './known-dirspace.ts';
import { joinPath } from './repo-path.ts';
import { matchTagQuery } from './tag-query.ts';
import type { WorkBudget } from './work-budget.ts';

/** Dirspaces that others wait for together. A group instead of pairs: "all of stage" may be thousands on both sides. */
interface WaitedFor {
  readonly members: readonly number[];
  /** Those who are changed by a change of a member, with the reason; the others only wait. */
  readonly pulls: { readonly dependent: number; readonly because: (member: number) => Because }[];
}

/** Who waits for whom in a repository, from `depends_on` and from the rules of stacks. Numbers are places in `dirspaces`. */
export class Relations {
  readonly #dirspaces: readonly KnownDirspace[];
  readonly #budget: WorkBudget;
  readonly #groups: WaitedFor[] = [];
  readonly #groupByKey = new Map<string, number>();
  readonly #waits: number[][];
  readonly #byTag = new Map<string, number[]>();
  readonly #byDir = new Map<string, number[]>();
  #order: readonly (readonly number[])[] | undefined;

  /** Incomplete once the budget is spent. */
  constructor(dirspaces: readonly KnownDirspace[], budget: WorkBudget) {
    this.#dirspaces = dirspaces;
    this.#budget = budget;
    this.#waits = dirspaces.map(() => []);
    for (const [id, dirspace] of dirspaces.entries()) {
      append(this.#byDir, dirspace.dir, id);
      for (const tag of dirspace.tags) {
        append(this.#byTag, tag, id);
      }
    }
    for (const [id, { whenModified, stack }] of dirspaces.entries()) {
      if (whenModified.dependsOn !== undefined) {
        this.#dependOn(id, whenModified.dependsOn);
      }
      for (const name of new Set([...(stack?.modifiedBy ?? []), ...(stack?.planAfter ?? [])])) {
        this.#followStack(id, name, stack?.name ?? '', stack?.modifiedBy.includes(name) === true);
      }
    }
  }

  /** Everything that is changed because something in `changed` is, to the fixpoint, with the reason. */
  pulledIn(changed: Iterable<number>): ReadonlyMap<number, Because> {
    const pulled = new Map<number, Because>();
    const groupsOf = new Map<number, number[]>();
    for (const [index, group] of this.#groups.entries()) {
      for (const member of group.pulls.length > 0 ? group.members : []) {
        append(groupsOf, member, index);
      }
    }
    const own = new Set(changed);
    const queue = [...own];
    const done = new Set<number>();
    for (let at = 0; at < queue.length; at += 1) {
      const member = queue[at] ?? 0;
      for (const index of groupsOf.get(member) ?? []) {
        if (!done.has(index)) {
          done.add(index);
          for (const { dependent, because } of this.#groups[index]?.pulls ?? []) {
            if (!own.has(dependent) && !pulled.has(dependent)) {
              pulled.set(dependent, because(member));
              queue.push(dependent);
            }
          }
        }
      }
    }
    return pulled;
  }

  /** Circles anywhere in the repository. A dirspace whose query also matches itself is none. */
  cycles(): readonly ChangeError[] {
    const count = this.#dirspaces.length;
    return this.#components().flatMap((component) => {
      const members = component.filter((node) => node < count);
      return members.length < 2 ? [] : [this.#cycleError(members)];
    });
  }

  /**
   * For each of the included dirspaces the number of the layer it runs in, from 0. Waiting goes through dirspaces that are
   * not included. Call only when there are no cycles.
   */
  layers(included: ReadonlySet<number>): ReadonlyMap<number, number> {
    const count = this.#dirspaces.length;
    // One more than the layer of the last included dirspace at or before a node; 0 when there is none.
    const level = new Int32Array(count);
    const groupLevel = new Int32Array(this.#groups.length);
    const highest = (group: number, but: number): number =>
      (this.#groups[group]?.members ?? []).reduce((top, id) => (id === but ? top : Math.max(top, level[id] ?? 0)), 0);
    for (const component of this.#components()) {
      for (const node of component.filter((one) => one < count)) {
        const before = (this.#waits[node] ?? []).map((group) =>
          component.includes(count + group) ? highest(group, node) : (groupLevel[group] ?? 0),
        );
        level[node] = before.reduce((top, one) => Math.max(top, one), 0) + (included.has(node) ? 1 : 0);
      }
      for (const node of component.filter((one) => one >= count)) {
        groupLevel[node - count] = highest(node - count, -1);
      }
    }
    return new Map([...included].map((id) => [id, (level[id] ?? 1) - 1]));
  }

  #components(): readonly (readonly number[])[] {
    const count = this.#dirspaces.length;
    const waits = this.#waits.map((groups) => groups.map((group) => count + group));
    this.#order ??= components(count + this.#groups.length, (node) =>
      node < count ? (waits[node] ?? []) : (this.#groups[node - count]?.members ?? []),
    );
    return this.#order;
  }

  #dependOn(id: number, { tagQuery }: DependsOn): void {
    const dir = this.#dirspaces[id]?.dir ?? '.';
    const key = `query\u0000${tagQuery.text}\u0000${isRelative(tagQuery.expression) ? dir : ''}`;
    const group = this.#group(key, () =>
      this.#selected(tagQuery, dir, (subject) => matchTagQuery(tagQuery, { ...subject, relativeTo: dir })),
    );
    this.#waits[id]?.push(group);
    this.#groups[group]?.pulls.push({ dependent: id, because: (member) => this.#dependsBecause(member) });
  }

  #followStack(id: number, name: string, own: string, pulls: boolean): void {
    const group = this.#group(`stack\u0000${name}`, () =>
      this.#dirspaces.flatMap((dirspace, member) => (dirspace.stack?.names.includes(name) === true ? [member] : [])),
    );
    this.#waits[id]?.push(group);
    if (pulls) {
      const because: Because = { why: 'stack', stack: own, modifiedBy: name };
      this.#groups[group]?.pulls.push({ dependent: id, because: () => because });
    }
  }

  #group(key: string, members: () => readonly number[]): number {
    const known = this.#groupByKey.get(key);
    if (known !== undefined) {
      return known;
    }
    const found = members();
    this.#budget.spend(found.length);
    this.#groups.push({ members: found, pulls: [] });
    this.#groupByKey.set(key, this.#groups.length - 1);
    return this.#groups.length - 1;
  }

  #selected(
    { expression, text: { length } }: TagQuery,
    dir: string,
    selects: (dirspace: KnownDirspace) => boolean,
  ): readonly number[] {
    const candidates = this.#candidates(expression, dir) ?? this.#dirspaces.keys();
    const weight = 1 + (length >> 4);
    const found: number[] = [];
    for (const id of candidates) {
      if (!this.#budget.spend(weight)) {
        return [];
      }
      const dirspace = this.#dirspaces[id];
      if (dirspace !== undefined && selects(dirspace)) {
        found.push(id);
      }
    }
    return found;
  }

  /** A set that has everything the expression can match, by look-up; undefined when only asking all of them will do. */
  #candidates(expression: TagQueryExpression, dir: string): ReadonlySet<number> | undefined {
    switch (expression.kind) {
      case 'tag':
        return new Set(this.#byTag.get(expression.tag) ?? []);
      case 'relative-dir':
        return new Set(this.#byDir.get(joinPath(dir, expression.path) ?? '') ?? []);
      case 'and':
        return expression.of
          .map((part) => this.#candidates(part, dir))
          .reduce((least, one) => (least === undefined || (one !== undefined && one.size < least.size) ? one : least));
      case 'or': {
        const parts = expression.of.map((part) => this.#candidates(part, dir));
        return parts.reduce((all, one) => (all === undefined || one === undefined ? undefined : all.union(one)));
      }
      case 'anything':
      case 'in-dir':
      case 'not':
        return undefined;
    }
  }

  #dependsBecause(member: number): Because {
    const { dir, workspace } = this.#dirspaces[member] ?? { dir: '.', workspace: 'default' };
    return { why: 'depends-on', on: { dir, workspace } };
  }

  #cycleError(members: readonly number[]): ChangeError {
    const circle = this.#oneCircle(members).map((id) => {
      const dirspace = this.#dirspaces[id];
      return dirspace === undefined ? '' : dirspaceName(dirspace);
    });
    return {
      code: 'dependency-cycle',
      message: `These wait for each other, so none can be first: ${[...circle, circle[0]].join(' → ')}.`,
      about: circle,
    };
  }

  /** A shortest circle through the first member: people are shown one they can follow, not the whole knot. */
  #oneCircle(members: readonly number[]): readonly number[] {
    const inside = new Set(members);
    const start = Math.min(...members.slice(0, 1_000));
    const from = new Map<number, number>();
    const queue = [start];
    for (let at = 0; at < queue.length; at += 1) {
      const id = queue[at] ?? start;
      for (const group of this.#waits[id] ?? []) {
        for (const next of this.#groups[group]?.members ?? []) {
          if (next === start && id !== start) {
            return pathBack(from, id, start);
          }
          if (inside.has(next) && next !== start && !from.has(next)) {
            from.set(next, id);
            queue.push(next);
          }
        }
      }
    }
    return members.slice(0, 2);
  }
}

function pathBack(from: ReadonlyMap<number, number>, end: number, start: number): readonly number[] {
  const path = [end];
  for (let at = end; at !== start; ) {
    at = from.get(at) ?? start;
    path.unshift(at);
  }
  return path;
}

function isRelative(expression: TagQueryExpression): boolean {
  switch (expression.kind) {
    case 'relative-dir':
      return true;
    case 'not':
      return isRelative(expression.of);
    case 'and':
    case 'or':
      return expression.of.some(isRelative);
    case 'anything':
    case 'tag':
    case 'in-dir':
      return false;
  }
}

function append<K>(map: Map<K, number[]>, key: K, value: number): void {
  const known = map.get(key);
  if (known === undefined) {
    map.set(key, [value]);
  } else {
    known.push(value);
  }
}
