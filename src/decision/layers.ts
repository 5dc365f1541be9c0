import { dirspaceKey } from '../domain/dirspace.ts';
import type { PullCase } from './pull-case.ts';
import { type Standing, standingOf } from './valid-plans.ts';
import type { Part, Work } from './work.ts';

/** A dirspace of the change with where it stands. */
export interface Placed {
  readonly part: Part;
  readonly standing: Standing;
}

export interface Layers {
  /** Every dirspace of the change. */
  readonly all: readonly Placed[];
  /** The first layer in which something is left to do, without what is done there; empty when all is done. */
  readonly working: readonly Placed[];
  /** How many layers come after the working one. */
  readonly later: number;
}

/** Where every dirspace stands, and which layer is at work: the first with something left to do. Later ones wait for it. */
export function layersOf(it: PullCase, work: Work): Layers {
  const all = work.parts.map((part) => ({ part, standing: standingOf(it, work, part) }));
  const open = all.filter(({ standing }) => standing.state !== 'done');
  if (open.length === 0) {
    return { all, working: [], later: 0 };
  }
  const first = Math.min(...open.map(({ part }) => part.layer));
  const last = Math.max(...work.parts.map(({ layer }) => layer));
  const working = open.filter(({ part }) => part.layer === first);
  return { all, working, later: last - first };
}

/** Stacks that must be wholly applied first (`apply_after`) and are not. */
export function waitsForStacks(part: Part, all: readonly Placed[]): readonly string[] {
  return part.applyAfter.filter((stack) =>
    all.some(
      (other) =>
        other.standing.state !== 'done' &&
        dirspaceKey(other.part) !== dirspaceKey(part) &&
        other.part.tags.includes(`stack_name:${stack}`),
    ),
  );
}
