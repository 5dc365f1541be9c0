import type { ChangeError } from '../domain/change.ts';
import type { RepoConfig, StackConfig } from '../domain/repo-config.ts';
import { matchTagQuery, type TagSubject } from './tag-query.ts';

/** A stack that selects dirspaces, with everything it has from the stacks around it. */
export interface LeafStack {
  readonly name: string;
  /** Itself and every stack around it. */
  readonly names: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly planAfter: readonly string[];
  readonly applyAfter: readonly string[];
  readonly modifiedBy: readonly string[];
  readonly autoApply: boolean;
}

export interface StackTree {
  /** What it costs to ask for one dirspace, in units of work. */
  readonly weight: number;
  readonly errors: readonly ChangeError[];
  /** The leaf stack of a dirspace, or what is wrong with it. */
  readonly stackOf: (subject: TagSubject, name: string) => LeafStack | ChangeError;
}

/** The stack of everything that no other stack selects, where the repository names no stack `default`. */
export const DEFAULT_STACK = 'default';

/** Resolve nested stacks: names, variables (inner wins) and rules (a rule of a stack holds for all inside it). */
export function stackTree(stacks: RepoConfig['stacks']): StackTree {
  const byName = new Map(stacks.map((stack) => [stack.name, stack]));
  const parents = new Map<string, string[]>();
  const errors: ChangeError[] = [];
  for (const stack of stacks) {
    const inner = stack.select.kind === 'stacks' ? stack.select.stacks : [];
    const { planAfter, applyAfter, modifiedBy } = stack.rules;
    for (const name of new Set([...inner, ...planAfter, ...applyAfter, ...modifiedBy])) {
      if (!byName.has(name) && name !== DEFAULT_STACK) {
        errors.push({
          code: 'stack-unknown',
          message: `The stack "${stack.name}" names a stack "${name}" that does not exist.`,
          keyPath: ['stacks', 'names', stack.name],
          about: [stack.name, name],
        });
      }
    }
    for (const name of inner) {
      parents.set(name, [...(parents.get(name) ?? []), stack.name]);
    }
  }
  const leaves: { readonly stack: StackConfig; readonly leaf: LeafStack }[] = [];
  for (const stack of stacks) {
    const around = stacksAround(stack.name, parents);
    if (around === undefined) {
      errors.push({
        code: 'stack-cycle',
        message: `The stack "${stack.name}" contains itself.`,
        keyPath: ['stacks', 'names', stack.name],
        about: [stack.name],
      });
    } else if (stack.select.kind === 'dirspaces') {
      leaves.push({
        stack,
        leaf: leafStack(
          stack,
          around.flatMap((name) => byName.get(name) ?? []),
        ),
      });
    }
  }
  const around = stacksAround(DEFAULT_STACK, parents) ?? [];
  const rest = byName.has(DEFAULT_STACK)
    ? undefined
    : leafStack(
        undefined,
        around.flatMap((name) => byName.get(name) ?? []),
      );
  const weight = leaves.reduce((sum, { stack }) => sum + queryWeight(stack), 0);
  return { errors, weight, stackOf: (subject, name) => selectStack(leaves, rest, subject, name) };
}

function selectStack(
  leaves: readonly { readonly stack: StackConfig; readonly leaf: LeafStack }[],
  rest: LeafStack | undefined,
  subject: TagSubject,
  name: string,
): LeafStack | ChangeError {
  const hits = leaves.filter(
    ({ stack }) => stack.select.kind === 'dirspaces' && matchTagQuery(stack.select.tagQuery, subject),
  );
  const [hit, second] = hits;
  if (hit !== undefined && second === undefined) {
    return hit.leaf;
  }
  if (hit === undefined) {
    const message = `No stack selects ${name}, and the stack "${DEFAULT_STACK}" of this repository does not either.`;
    return rest ?? { code: 'stack-none', message, keyPath: ['stacks', 'names'], about: [name] };
  }
  const names = hits.map(({ leaf }) => leaf.name);
  return {
    code: 'stack-ambiguous',
    message: `${name} is in more than one stack: ${names.join(', ')}.`,
    keyPath: ['stacks', 'names'],
    about: [name, ...names],
  };
}

function queryWeight({ select }: StackConfig): number {
  return select.kind === 'dirspaces' ? 1 + (select.tagQuery.text.length >> 4) : 0;
}

/** Names of the stacks around a stack, nearest first; undefined when it is around itself. */
function stacksAround(name: string, parents: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const found = new Set<string>();
  const queue = [name];
  for (let at = 0; at < queue.length; at += 1) {
    for (const parent of parents.get(queue[at] ?? '') ?? []) {
      if (parent === name) {
        return undefined;
      }
      if (!found.has(parent)) {
        found.add(parent);
        queue.push(parent);
      }
    }
  }
  return [...found];
}

function leafStack(own: StackConfig | undefined, around: readonly StackConfig[]): LeafStack {
  const all = own === undefined ? around : [own, ...around];
  const union = (pick: (stack: StackConfig) => readonly string[]): readonly string[] => [...new Set(all.flatMap(pick))];
  const name = own?.name ?? DEFAULT_STACK;
  return {
    name,
    names: [name, ...around.map((stack) => stack.name)],
    variables: Object.fromEntries(all.toReversed().flatMap((stack) => Object.entries(stack.variables))),
    planAfter: union((stack) => stack.rules.planAfter),
    applyAfter: union((stack) => stack.rules.applyAfter),
    modifiedBy: union((stack) => stack.rules.modifiedBy),
    autoApply: all.some((stack) => stack.rules.autoApply),
  };
}
