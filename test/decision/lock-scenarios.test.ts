import { beforeEach, describe, expect, it } from 'vitest';
import { isHolding } from '../../src/decision/locks.ts';
import { Model } from '../simulation/model.ts';
import { ALICE, BOB, CAROL } from './build.ts';

let world: Model;

beforeEach(() => {
  world = new Model();
  world.dirs = ['ds1', 'ds2', 'ds3'];
  for (const { login } of [ALICE, BOB, CAROL]) {
    world.permissions.set(login, 'write');
  }
});

/** Which pull request a new one that touches the directory would have to wait for; null: none. */
function holder(dir: string, baseRef = 'main'): number | null {
  const number = 900 + world.nextNumber();
  world.openPull(number, [dir], CAROL, { baseRef });
  world.quiesce();
  const before = world.applied.length;
  world.comment(number, CAROL, 'plumbline apply');
  world.settle();
  const said = world.replies.at(-1)?.body ?? '';
  const found = /#\D?(\d+) holds it/.exec(said);
  const started = [...world.runs.values()].some((run) => run.pull === number && run.kind === 'apply');
  expect(started, said).toBe(found === null);
  // The probe leaves no trace: nothing is applied, and it gives up whatever it got.
  world.comment(number, CAROL, 'plumbline cancel');
  world.settle();
  world.close(number, CAROL);
  world.settle();
  world.locks = world.locks.filter((claim) => claim.pull !== number);
  world.pulls.delete(number);
  expect(world.applied.length).toBe(before);
  return found === null ? null : Number(found[1]);
}

function open(number: number, dirs: readonly string[], baseRef = 'main'): void {
  world.openPull(number, dirs, ALICE, { baseRef });
  world.quiesce();
}

function apply(number: number, query = ''): void {
  world.tick();
  world.comment(number, BOB, `plumbline apply ${query}`);
  world.quiesce();
}

function replan(number: number): void {
  world.tick();
  world.comment(number, BOB, 'plumbline plan');
  world.quiesce();
}

function merge(number: number): void {
  world.tick();
  world.merge(number, ALICE);
  world.quiesce();
}

describe('locks', () => {
  it('1: applying locks, merging unlocks', () => {
    open(1, ['ds1']);
    expect(holder('ds1')).toBeNull();
    apply(1);
    expect(holder('ds1')).toBe(1);
    merge(1);
    expect(holder('ds1')).toBeNull();
  });

  it('2: merging locks, applying unlocks', () => {
    open(1, ['ds1']);
    merge(1);
    expect(holder('ds1')).toBe(1);
    apply(1);
    expect(holder('ds1')).toBeNull();
    expect(world.applied).toHaveLength(1);
  });

  it('3: what a pull request still touches is locked with what it applied, until the merge', () => {
    open(1, ['ds1', 'ds2']);
    apply(1, 'dir:ds1');
    expect([holder('ds1'), holder('ds2'), holder('ds3')]).toEqual([1, 1, null]);
    apply(1, 'dir:ds2');
    expect([holder('ds1'), holder('ds2')]).toEqual([1, 1]);
    merge(1);
    expect([holder('ds1'), holder('ds2')]).toEqual([null, null]);
  });

  it('4: merged, everything stays locked until everything is applied', () => {
    open(1, ['ds1', 'ds2']);
    merge(1);
    expect([holder('ds1'), holder('ds2')]).toEqual([1, 1]);
    apply(1, 'dir:ds1');
    expect([holder('ds1'), holder('ds2')]).toEqual([1, 1]);
    apply(1, 'dir:ds2');
    expect([holder('ds1'), holder('ds2')]).toEqual([null, null]);
  });

  it('5: applied in part, merged, applied in full: unlocked only at the end', () => {
    open(1, ['ds1', 'ds2']);
    apply(1, 'dir:ds1');
    merge(1);
    expect([holder('ds1'), holder('ds2')]).toEqual([1, 1]);
    apply(1, 'dir:ds2');
    expect([holder('ds1'), holder('ds2')]).toEqual([null, null]);
  });

  it('6: a pull request that shares one dirspace with a holder applies none of its own, until the unlock', () => {
    open(1, ['ds1', 'ds2']);
    open(2, ['ds2', 'ds3']);
    apply(1, 'dir:ds1');
    apply(2, 'dir:ds3');
    expect(world.applied.map(({ pull }) => pull)).toEqual([1]);
    world.comment(2, BOB, 'plumbline unlock #1');
    world.quiesce();
    apply(2, 'dir:ds3');
    expect(world.applied.map(({ pull }) => pull)).toEqual([1, 2]);
  });

  it('6c: a dirspace that the holder touches no more is free', () => {
    open(1, ['ds1', 'ds2']);
    apply(1, 'dir:ds1');
    world.push(1, ALICE, ['ds1']);
    world.quiesce();
    expect([holder('ds1'), holder('ds2')]).toEqual([1, null]);
  });

  it('7: the merged one goes before the one that applied', () => {
    open(1, ['ds1']);
    open(2, ['ds1']);
    apply(1);
    merge(2);
    expect(holder('ds1')).toBe(2);
    merge(1);
    expect(holder('ds1')).toBe(2);
    replan(2);
    apply(2);
    expect(holder('ds1')).toBeNull();
  });

  it('8: of two that were merged the first holds, so that nobody waits for ever', () => {
    open(1, ['ds1']);
    open(2, ['ds1']);
    merge(1);
    merge(2);
    expect(holder('ds1')).toBe(1);
    replan(2);
    apply(2);
    expect(world.applied).toEqual([]);
    replan(1);
    apply(1);
    expect(world.applied.map(({ pull }) => pull)).toEqual([1]);
    expect(holder('ds1')).toBe(2);
    replan(2);
    apply(2);
    expect(holder('ds1')).toBeNull();
  });

  it('8b: unlocking one of two that were merged lets the other apply', () => {
    open(1, ['ds1']);
    open(2, ['ds1']);
    merge(1);
    merge(2);
    world.comment(2, BOB, 'plumbline unlock #1');
    world.quiesce();
    replan(2);
    apply(2);
    expect(world.applied.map(({ pull }) => pull)).toEqual([2]);
  });

  it('9: lock_policy apply: only applying locks, and merging unlocks', () => {
    world.config = 'workflows:\n  - tag_query: ""\n    lock_policy: apply\n';
    open(1, ['ds1']);
    merge(1);
    expect(holder('ds1')).toBeNull();
    open(2, ['ds1']);
    apply(2);
    expect(holder('ds1')).toBe(2);
    merge(2);
    expect(holder('ds1')).toBeNull();
  });

  it('10: lock_policy merge: only merging locks, and applying unlocks', () => {
    world.config = 'workflows:\n  - tag_query: ""\n    lock_policy: merge\n';
    open(1, ['ds1']);
    apply(1);
    expect(holder('ds1')).toBeNull();
    open(2, ['ds1']);
    merge(2);
    expect(holder('ds1')).toBe(2);
    replan(2);
    apply(2);
    expect(holder('ds1')).toBeNull();
  });

  it('10b: lock_policy none never locks', () => {
    world.config = 'workflows:\n  - tag_query: ""\n    lock_policy: none\n';
    open(1, ['ds1']);
    apply(1);
    expect(holder('ds1')).toBeNull();
    merge(1);
    expect(world.locks).toEqual([]);
  });

  it('11: lock_branch_target dest_branch: only pull requests into the same branch exclude one another', () => {
    world.config = 'dirs:\n  ds1:\n    lock_branch_target: dest_branch\ndestination_branches: [main, develop]\n';
    open(1, ['ds1']);
    apply(1);
    expect(holder('ds1')).toBe(1);
    expect(holder('ds1', 'develop')).toBeNull();
  });

  it('12: closed after an apply, the lock stays until the unlock', () => {
    open(1, ['ds1']);
    apply(1);
    world.close(1, ALICE);
    world.quiesce();
    expect(holder('ds1')).toBe(1);
    world.tick(100 * 86_400_000);
    expect(holder('ds1')).toBe(1);
    world.comment(1, BOB, 'plumbline unlock');
    world.quiesce();
    expect(holder('ds1')).toBeNull();
  });
});

describe('the waiting line', () => {
  it('tells the place, plans again and mentions once when it frees', () => {
    open(1, ['ds1']);
    open(2, ['ds1']);
    open(3, ['ds1']);
    apply(1);
    apply(2);
    apply(3);
    expect(world.replies.map(({ pull, body }) => [pull, /number (\d+) in line/.exec(body)?.[1]])).toEqual([
      [2, '1'],
      [3, '2'],
    ]);
    expect(world.locks.filter((one) => !isHolding(one)).map(({ pull }) => pull)).toEqual([2, 3]);
    const plansBefore = [...world.runs.values()].filter((run) => run.pull === 2 && run.kind === 'plan').length;
    merge(1);
    const mentions = world.replies.filter(({ body }) => body.includes('@alice'));
    expect(mentions.map(({ pull }) => pull)).toEqual([2]);
    expect([...world.runs.values()].filter((run) => run.pull === 2 && run.kind === 'plan').length).toBeGreaterThan(
      plansBefore,
    );
    apply(2);
    expect(world.applied.map(({ pull }) => pull)).toEqual([1, 2]);
    merge(2);
    expect(world.replies.filter(({ body }) => body.includes('@alice')).map(({ pull }) => pull)).toEqual([2, 3]);
    apply(3);
    expect(world.applied.map(({ pull }) => pull)).toEqual([1, 2, 3]);
  });

  it('passes over a draft', () => {
    open(1, ['ds1']);
    open(2, ['ds1']);
    open(3, ['ds1']);
    apply(1);
    apply(2);
    apply(3);
    const second = world.pull(2);
    second.facts = { ...second.facts, draft: true };
    merge(1);
    expect(world.replies.filter(({ body }) => body.includes('@alice')).map(({ pull }) => pull)).toEqual([3]);
  });
});
