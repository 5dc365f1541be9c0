import type { StackConfig } from '../domain/repo-config.ts';
import type { Report } from './finding.ts';
import { nearestWord } from './nearest-word.ts';
import type { RawRepoConfig } from './schema.ts';

/** A name that is not known is compared with so many; with more nobody waits for the answer. */
const MAX_COMPARED = 200;

/**
 * Every stack must say what it holds, every stack that is named must exist, and neither containment nor order may run in a circle. `default` exists always: it
 * holds what no other stack does. Linear in stacks and references.
 */
export function checkStackReferences(raw: RawRepoConfig, stacks: readonly StackConfig[], error: Report): void {
  for (const [name, stack] of Object.entries(raw.stacks?.names ?? {})) {
    if (stack.tag_query === undefined && stack.stacks === undefined) {
      const message = 'One of `tag_query` and `stacks` is required.';
      error({ code: 'missing-key', path: ['stacks', 'names', name], at: 'key', message });
    }
  }
  const names = new Set(['default', ...stacks.map(({ name }) => name)]);
  for (const { name, select, rules } of stacks) {
    const path = ['stacks', 'names', name];
    if (select.kind === 'stacks') {
      checkNames(select.stacks, [...path, 'stacks'], names, error);
    }
    const given = { plan_after: rules.planAfter, apply_after: rules.applyAfter, modified_by: rules.modifiedBy };
    for (const [key, listed] of Object.entries(given)) {
      // `plan_after` repeats `modified_by` where it is not written; one report is enough.
      if (key !== 'plan_after' || listed !== rules.modifiedBy) {
        checkNames(listed, [...path, 'rules', key], names, error);
      }
    }
  }
  reportCircle(
    stacks,
    (stack) => (stack.select.kind === 'stacks' ? stack.select.stacks : []),
    'contain',
    'stacks',
    error,
  );
  reportCircle(stacks, ({ rules }) => [...rules.planAfter, ...rules.applyAfter], 'wait for', 'rules', error);
}

function checkNames(
  listed: readonly string[],
  path: readonly (string | number)[],
  names: ReadonlySet<string>,
  error: Report,
): void {
  for (const [index, name] of listed.entries()) {
    if (!names.has(name)) {
      const nearest = names.size > MAX_COMPARED ? undefined : nearestWord(name, [...names]);
      error({
        code: 'stack-reference',
        path: [...path, index],
        message: `There is no stack ${JSON.stringify(name.slice(0, 80))}.`,
        ...(nearest === undefined ? {} : { nearest }),
      });
    }
  }
}

function reportCircle(
  stacks: readonly StackConfig[],
  next: (stack: StackConfig) => readonly string[],
  verb: string,
  key: string,
  error: Report,
): void {
  const byName = new Map(stacks.map((stack) => [stack.name, stack]));
  const done = new Set<string>();
  for (const start of byName.keys()) {
    const circle = findCircle(start, (name) => next(byName.get(name) ?? EMPTY), done);
    const [first] = circle;
    if (first !== undefined) {
      const message = `Stacks ${verb} each other in a circle: ${[...circle, first].join(' → ')}.`;
      error({ code: 'stack-cycle', path: ['stacks', 'names', first, key], at: 'key', message });
      return;
    }
  }
}

const EMPTY: StackConfig = {
  name: '',
  select: { kind: 'stacks', stacks: [] },
  variables: {},
  rules: { planAfter: [], applyAfter: [], modifiedBy: [], autoApply: false },
};

/** The names on a circle that can be reached, or none. Without recursion: there may be thousands in a row. */
function findCircle(start: string, next: (name: string) => readonly string[], done: Set<string>): readonly string[] {
  const trail: { readonly name: string; readonly rest: string[] }[] = [];
  const onTrail = new Set<string>();
  const enter = (name: string) => {
    trail.push({ name, rest: [...next(name)] });
    onTrail.add(name);
  };
  if (!done.has(start)) {
    enter(start);
  }
  for (let at = trail.at(-1); at !== undefined; at = trail.at(-1)) {
    const name = at.rest.shift();
    if (name === undefined) {
      trail.pop();
      onTrail.delete(at.name);
      done.add(at.name);
    } else if (onTrail.has(name)) {
      const names = trail.map((step) => step.name);
      return names.slice(names.indexOf(name));
    } else if (!done.has(name)) {
      enter(name);
    }
  }
  return [];
}
