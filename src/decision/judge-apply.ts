import { type Dirspace, dirspaceKey } from '../domain/dirspace.ts';
import type { StoredPlan } from '../domain/run.ts';
import { accessRefusal, fileRefusals, type Operation } from './access.ts';
import { requirementRefusals } from './apply-requirements.ts';
import { floorSecond, standingApprovals } from './approvals.ts';
import { branchesMatch } from './branches.ts';
import type { ApplyName } from './command.ts';
import { note } from './draft.ts';
import { gateRefusals } from './gates.ts';
import { type Layers, type Placed, waitsForStacks } from './layers.ts';
import { heldBy } from './locks.ts';
import { canWrite, writeReason } from './people.ts';
import { type SetupRefusal, setupRefusals } from './plan.ts';
import { isFork, type PullCase, pausedBecause } from './pull-case.ts';
import { mergeSame, type Refusal } from './refusal.ts';
import { placeInLine } from './waiting-line.ts';
import type { Part, Work } from './work.ts';

/** What somebody wants to apply. Asked twice: when the command comes, and when the runner claims its manifest. */
export interface ApplyAsk {
  readonly name: ApplyName;
  readonly who: { readonly id: number; readonly login: string };
  /** When the command was made on GitHub; null: nobody commented (autoapply). */
  readonly commentedAt: number | null;
  readonly placed: readonly Placed[];
  /** The run that claims; its own being at work is no obstacle. */
  readonly claiming?: { readonly run: string; readonly planIds: ReadonlyMap<string, string> };
}

export interface Verdict {
  /** What may be applied, with the plan that is used; null for `apply-autoapprove`. */
  readonly go: readonly { readonly part: Part; readonly plan: StoredPlan | null }[];
  /** Reasons that stand against all of it. */
  readonly against: readonly (Refusal | SetupRefusal)[];
  /** Reasons that stand against single dirspaces. */
  readonly missing: readonly Refusal[];
  /** Somebody else's locks: the dirspaces to stand in line for. */
  readonly locked: readonly Part[];
}

/** Every reason why this may not be applied, all of them and not only the first. */
export function judgeApply(it: PullCase, work: Work, layers: Layers, ask: ApplyAsk): Verdict {
  const locked = lockRefusals(it, layers);
  const against = [...caseRefusals(it, work, ask), ...locked.map((one) => one.refusal)];
  if (ask.claiming === undefined) {
    against.push(
      ...setupRefusals(
        it,
        work,
        ask.placed.map(({ part }) => part),
        'apply',
      ),
    );
  }
  const missing: Refusal[] = [];
  const go: { part: Part; plan: StoredPlan | null }[] = [];
  const denied: Refusal[] = [];
  for (const placed of ask.placed) {
    const access = partAccess(it, work, placed, ask);
    const judged = judgePart(it, work, layers, placed, ask);
    denied.push(...access);
    missing.push(...judged.refusals);
    if (access.length === 0 && judged.refusals.length === 0) {
      go.push({ part: placed.part, plan: judged.plan });
    }
  }
  const all = work.config.accessControl.applyRequireAllDirspaceAccess;
  const verdict = {
    go,
    against: distinct(all ? [...against, ...denied] : against),
    missing: distinct(all ? missing : [...denied, ...missing]),
    locked: locked.map((one) => one.part),
  };
  traceVerdict(it, ask, verdict);
  return verdict;
}

/** What stands against any apply of this pull request by this person now. */
function caseRefusals(it: PullCase, work: Work, ask: ApplyAsk): readonly Refusal[] {
  const { pull, github } = it;
  const found: Refusal[] = [];
  const paused = pausedBecause(it, 'apply');
  if (paused !== null) {
    found.push({ reason: paused });
  }
  if (pull.state === 'closed') {
    found.push({ reason: 'pull-closed' });
  }
  if (!work.config.enabled) {
    found.push({ reason: 'disabled' });
  }
  if (isFork(it) && pull.state !== 'merged') {
    found.push({ reason: 'fork-no-apply' });
  }
  const branches = { base: pull.baseRef, head: pull.headRef, defaultBranch: github.repository.defaultBranch };
  if (!branchesMatch(work.config, branches)) {
    found.push({ reason: 'branch-not-ours' });
  }
  const write = canWrite(github, ask.who.login);
  if (write !== 'yes') {
    found.push({ reason: writeReason(write) });
  }
  if (work.modules === 'unknown') {
    found.push({ reason: 'modules-unknown', next: 'plumbline plan' });
  }
  return [...found, ...fileRefusals(it, work, ask.who.login)];
}

/** A pull request whose dirspaces are partly somebody else's applies none of them: half a change is no change. */
function lockRefusals(it: PullCase, layers: Layers): readonly { part: Part; refusal: Refusal }[] {
  const asker = { pull: it.pull.number, baseRef: it.pull.baseRef };
  return layers.all.flatMap(({ part, standing }) => {
    const holder = standing.state === 'done' ? null : heldBy(it.ours, part, asker);
    if (holder === null) {
      return [];
    }
    const place = placeInLine(it, part);
    const detail = `#${holder.pull} holds it; you are number ${place} in line.`;
    const refusal = {
      reason: 'locked-by-pull',
      detail,
      about: [part],
      next: `plumbline unlock #${holder.pull}`,
    } as const;
    return [{ part, refusal }];
  });
}

function partAccess(it: PullCase, work: Work, { part, standing }: Placed, ask: ApplyAsk): readonly Refusal[] {
  const plan = standing.state === 'valid' && ask.name !== 'apply-autoapprove' ? standing.plan : null;
  const given = standingApprovals(it, plan, work.config.applyRequirements);
  const approvers = given.known ? given.reviews.map((review) => review.author.login) : null;
  const reason = accessRefusal(it, work, part, { operation: operationOf(ask.name), login: ask.who.login, approvers });
  return reason === null ? [] : [{ reason, about: [part] }];
}

function operationOf(name: ApplyName): Operation {
  return name === 'apply' ? 'apply' : name === 'apply-force' ? 'applyForce' : 'applyAutoapprove';
}

function judgePart(
  it: PullCase,
  work: Work,
  layers: Layers,
  { part, standing }: Placed,
  ask: ApplyAsk,
): { readonly plan: StoredPlan | null; readonly refusals: readonly Refusal[] } {
  const about = [part];
  const refusals: Refusal[] = [];
  const next = `plumbline plan ${queryFor(part)}`;
  const planless = ask.name === 'apply-autoapprove';
  if (standing.state === 'running') {
    refusals.push({ reason: standing.kind === 'plan' ? 'plan-running' : 'apply-running', about });
  } else if (standing.state === 'done' && !planless) {
    refusals.push({ reason: 'nothing-to-apply', about });
  } else if (standing.state === 'invalid' && (!planless || standing.reason === 'apply-unknown')) {
    refusals.push({ reason: standing.reason, about, next });
  }
  const busy = (it.ours.busy ?? []).find((one) => one.kind === 'apply' && dirspaceKey(one) === dirspaceKey(part));
  if (busy !== undefined) {
    refusals.push({ reason: 'run-elsewhere', detail: `#${busy.pull}`, about });
  }
  const plan = standing.state === 'valid' && !planless ? standing.plan : null;
  if (plan !== null) {
    refusals.push(...planRefusals(plan, part, ask));
  }
  const waits = waitsForStacks(part, layers.all);
  if (waits.length > 0) {
    refusals.push({ reason: 'layer-waits', detail: waits.join(', '), about });
  }
  if (ask.name !== 'apply-force') {
    refusals.push(...requirementRefusals(it, work, part, plan), ...gateRefusals(it, part, plan));
  }
  return { plan, refusals };
}

/** The plan must have been there to be read before anybody asked for its apply, and must still be the one that was asked for. */
function planRefusals(plan: StoredPlan, part: Part, ask: ApplyAsk): readonly Refusal[] {
  const about = [part];
  const claimed = ask.claiming?.planIds.get(dirspaceKey(part));
  if (ask.claiming !== undefined && claimed !== plan.id) {
    return [{ reason: 'plan-superseded', about }];
  }
  if (plan.publishedAt === null) {
    return [{ reason: 'plan-not-shown', about }];
  }
  if (ask.commentedAt !== null && floorSecond(ask.commentedAt) < floorSecond(plan.publishedAt)) {
    return [{ reason: 'comment-before-plan', about }];
  }
  return [];
}

/** The tag query that selects one dirspace. */
export function queryFor({ dir, workspace }: Dirspace): string {
  const quoted = (tag: string) => (/^[\w./:-]+$/u.test(tag) ? tag : JSON.stringify(tag));
  return workspace === 'default'
    ? quoted(`dir:${dir}`)
    : `${quoted(`dir:${dir}`)} and ${quoted(`workspace:${workspace}`)}`;
}

function distinct<T extends Refusal>(refusals: readonly T[]): readonly T[] {
  return [
    ...new Map(
      refusals.map((one) => [JSON.stringify([one.reason, one.detail, one.about?.map(dirspaceKey)]), one]),
    ).values(),
  ];
}

function traceVerdict(it: PullCase, ask: ApplyAsk, verdict: Verdict): void {
  const refused = [...verdict.against, ...verdict.missing];
  for (const { reason, detail } of mergeSame(refused)) {
    note(it.draft, 'apply', 'refuse', reason, detail);
  }
  if (refused.length === 0) {
    note(it.draft, 'access', 'pass', 'permitted', ask.who.login);
    note(it.draft, 'locks', 'pass', 'locks-free');
    note(it.draft, 'plans', 'pass', 'plans-valid');
    note(it.draft, 'requirements', 'pass', ask.name === 'apply-force' ? 'requirements-skipped' : 'requirements-met');
  }
}
