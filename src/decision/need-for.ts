import type { Need } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { isActive } from '../domain/run.ts';
import type { GitHubFacts, Snapshot } from '../domain/snapshot.ts';
import type { MatchList } from '../domain/workflow-step.ts';
import { filesOf, policiesFor } from './access.ts';
import { requirementsFor } from './apply-requirements.ts';
import { latestReviews } from './approvals.ts';
import { owningTeams } from './codeowners.ts';
import { type Command, TRIGGERS } from './command.ts';
import { parseCommands } from './commands.ts';
import { createDraft } from './draft.ts';
import { inGroup } from './merge-group.ts';
import { teamKey } from './people.ts';
import { openCase, type PullCase } from './pull-case.ts';
import { readConfig } from './pull-config.ts';
import { changeNeed } from './triage.ts';
import { lockedFiles } from './unlock.ts';
import { movedBases } from './valid-plans.ts';
import { waitingFor } from './waiting-line.ts';
import { type Work, workOf } from './work.ts';

/**
 * What more must be read before this event can be decided, now that the configuration is known; undefined: nothing. The
 * worker asks at most twice: the first answer may name reviews, the second the teams of those who reviewed. The need is
 * whole, so that one query can bring everything.
 */
export function needFor(event: Event, snapshot: Snapshot): Need | undefined {
  switch (event.kind) {
    case 'run-reported':
      return reportNeed(event, snapshot);
    case 'run-silent':
      return silenceNeed(event, snapshot);
    case 'pull':
    case 'comment':
    case 'button':
    case 'apply-claimed':
    case 'reconsider':
    case 'discovered':
    case 'merge-group':
      return snapshot.github === null ? undefined : rulesNeed(event, snapshot, event.repository);
    case 'actions-run':
    case 'dispatch-failed':
    case 'installation':
    case 'installation-repositories':
    case 'membership':
    case 'merge-refused':
    case 'push':
    case 'repository':
      return undefined;
    case 'review':
      return reviewNeed(event, snapshot);
  }
}

/** A plan that shows changes is recorded without a look at GitHub: nothing follows from it until somebody asks. */
function reportNeed(event: Extract<Event, { kind: 'run-reported' }>, snapshot: Snapshot): Need | undefined {
  const { ours, github } = snapshot;
  const run = ours.runs.find((candidate) => candidate.id === event.run);
  if (run === undefined || ours.report === null || !isActive(run.state)) {
    return undefined;
  }
  const open = ours.report.outcomes.some((one) => one.state === 'planned' || one.state === 'plan-failed');
  if (run.kind === 'plan' && (open || ours.report.problem !== null)) {
    return undefined;
  }
  return github?.pull === undefined ? changeNeed(event.pull) : rulesNeed(event, snapshot, event.repository);
}

/** A review shows anew which approvals are missing: where any are asked for, who gave them must be read, and who they are. */
function reviewNeed(event: Extract<Event, { kind: 'review' }>, snapshot: Snapshot): Need | undefined {
  const opened = openCase(createDraft(snapshot), event.repository);
  const read = opened.ok ? readConfig(opened.it.github) : null;
  if (!opened.ok || read?.ok !== true || opened.it.pull.state === 'closed' || opened.it.ours.results.length === 0) {
    return undefined;
  }
  const { it } = opened;
  if (!read.config.head.applyRequirements.checks.some(({ approved }) => approved.enabled)) {
    return undefined;
  }
  const whole = { ...changeNeed(it.pull.number), reviews: true };
  const result = workOf(it.github, it.pull, it.ours);
  if (it.github.reviews === undefined || !result.ok) {
    return it.github.reviews === undefined ? whole : undefined;
  }
  const checks = result.work.parts.flatMap((part) => requirementsFor(result.work, part));
  const lists = checks.flatMap((check) =>
    check?.approved.enabled ? [check.approved.allOf, check.approved.anyOf] : [],
  );
  const owners = lists.flat().some((match) => match.kind === 'codeowners');
  const teams = owners ? ownerTeams(it, result.work, []) : [];
  const more = {
    ...(owners && it.github.codeowners === undefined ? { codeowners: true } : {}),
    ...missingPeople(it.github, lists, reviewers(it), { teams, live: [] }),
  };
  return Object.keys(more).length === 0 ? undefined : { ...whole, ...more };
}

/** GitHub is asked about a run only when its runner is not heard of. */
function silenceNeed(event: Extract<Event, { kind: 'run-silent' }>, { ours, now, github }: Snapshot): Need | undefined {
  const run = ours.runs.find((candidate) => candidate.id === event.run);
  const heard = run?.heartbeatAt ?? null;
  if (run === undefined || !isActive(run.state) || github?.actionsRun !== undefined) {
    return undefined;
  }
  return heard !== null && now - heard < HEARD_MS ? undefined : { actionsRun: run.id };
}

const HEARD_MS = 40_000;

type RuledEvent = Extract<
  Event,
  {
    kind:
      | 'pull'
      | 'comment'
      | 'button'
      | 'apply-claimed'
      | 'reconsider'
      | 'run-reported'
      | 'discovered'
      | 'merge-group';
  }
>;

/** What the rules of the configuration need beyond what every change needs. */
function rulesNeed(event: RuledEvent, snapshot: Snapshot, repository: RuledEvent['repository']): Need | undefined {
  const opened = openCase(createDraft(snapshot), repository);
  if (!opened.ok || opened.it.github.configDefault === undefined) {
    return undefined;
  }
  const it = event.kind === 'merge-group' ? inGroup(opened.it, event) : opened.it;
  const logins = actors(event, it);
  const result = workOf(it.github, it.pull, it.ours);
  if (!result.ok) {
    return lightNeed(event, it);
  }
  const index = result.work.modules === 'moved' && it.pull.state === 'open' ? it.ours.moduleIndex : null;
  const bases = [
    // Does what is before it in the queue change the configuration?
    ...(opened.it.pull.baseSha === it.pull.baseSha ? [] : [opened.it.pull.baseSha]),
    ...(result.work.config.baseMoved === 'paths' ? movedBases(it) : []),
    ...(index === null || event.kind === 'discovered' ? [] : [index.baseSha]),
  ].filter((sha) => it.github.baseFilesSince?.[sha] === undefined);
  const applies = mayApply(event, it, result.work);
  const wants = applies ? applyWants(result.work, it.pull.state) : NOTHING_WANTED;
  const gates = applies ? (it.ours.gates ?? []).filter((gate) => gate.headSha === it.pull.headSha) : [];
  const lists = [...matchLists(result.work, applies), ...gates.flatMap(({ gate }) => [gate.allOf, gate.anyOf])];
  const owners = lists.flat().some((match) => match.kind === 'codeowners');
  const reviews = wants.reviews || gates.some(({ gate }) => gate.token === undefined);
  const given = gates.length === 0 ? [] : (it.ours.gateApprovals ?? []);
  const approvers = given.filter(({ headSha }) => headSha === it.pull.headSha).map(({ by }) => by.login);
  const byComment = approvers.length > 0 || (gates.length > 0 && approves(event));
  const people = [...logins, ...(reviews ? reviewers(it) : []), ...approvers];
  const more = {
    ...(bases.length > 0 ? { baseFilesSince: [...new Set(bases)] } : {}),
    ...(reviews && it.github.reviews === undefined ? { reviews: true } : {}),
    ...(byComment && it.github.lastPusher === undefined ? { lastPusher: true } : {}),
    ...(wants.checks && it.github.checks === undefined ? { checks: true, rules: true } : {}),
    ...((wants.mergeability || takesTurn(event, it)) && it.github.mergeable === undefined
      ? { mergeability: true }
      : {}),
    ...(owners && it.github.codeowners === undefined ? { codeowners: true } : {}),
    ...((it.ours.gates ?? []).length > 0 && it.github.waivers === undefined ? { waivers: true } : {}),
    ...missingPeople(it.github, lists, people, {
      teams: owners ? ownerTeams(it, result.work, unlockedFiles(event, it)) : [],
      // Whoever asked was let in when the run was started; only lists that name people are asked again.
      live: [...(event.kind === 'discovered' ? [] : logins), ...approvers],
    }),
  };
  const upTo = event.kind === 'merge-group' ? { baseFilesTo: event.baseSha } : {};
  return Object.keys(more).length === 0 ? undefined : { ...changeNeed(it.pull.number), ...upTo, ...more };
}

/** `unlock` and its like name people too, but ask nothing of the change. */
function lightNeed(event: RuledEvent, it: PullCase): Need | undefined {
  const read = readConfig(it.github);
  if (event.kind !== 'comment' || !read.ok) {
    return undefined;
  }
  const { accessControl } = read.config.base;
  const lists = accessControl.enabled ? [accessControl.unlock] : [];
  const owners = lists.flat().some((match) => match.kind === 'codeowners');
  const teams = owners ? owningTeams(it.github, unlockedFiles(event, it)) : [];
  const more = {
    ...(owners && it.github.codeowners === undefined ? { codeowners: true } : {}),
    ...missingPeople(it.github, lists, actors(event, it), { teams, live: actors(event, it) }),
  };
  return Object.keys(more).length === 0 ? undefined : { pull: it.pull.number, config: true, ...more };
}

/** Whose permissions the rules will ask for. */
function actors(event: RuledEvent, it: PullCase): readonly string[] {
  switch (event.kind) {
    case 'pull':
    case 'button':
      return event.sender.bot ? [] : [event.sender.login];
    case 'comment':
      return [event.author.login];
    case 'merge-group':
      return [];
    case 'apply-claimed':
    case 'discovered':
    case 'reconsider':
    case 'run-reported': {
      const run = 'run' in event ? it.ours.runs.find((one) => one.id === event.run) : it.ours.runs[0];
      const pusher = it.github.lastPusher?.known === true ? it.github.lastPusher.value : null;
      if (event.kind === 'reconsider' && event.because === 'resumed' && pusher?.bot === false) {
        return [pusher.login];
      }
      return run === undefined ? [] : [run.requestedBy.login];
    }
  }
}

function mayApply(event: RuledEvent, it: PullCase, { config }: Work): boolean {
  switch (event.kind) {
    case 'comment':
      return parseCommands(event.body, new Set(TRIGGERS)).some((line) => line.ok && isApply(line.command));
    case 'button':
      return event.button === 'apply';
    case 'pull':
      return it.pull.state === 'merged';
    case 'discovered':
    case 'merge-group':
      return false;
    case 'reconsider': {
      // A base that moves makes every pull request look, and GitHub begin to compute whether each can be merged.
      const acts = config.automerge.enabled || config.stacks.some((stack) => stack.rules.autoApply);
      return event.because !== 'base-moved' || it.pull.state === 'merged' || acts;
    }
    case 'apply-claimed':
    case 'run-reported':
      return true;
  }
}

function approves(event: RuledEvent): boolean {
  const lines = event.kind === 'comment' ? parseCommands(event.body, new Set(TRIGGERS)) : [];
  return lines.some((line) => line.ok && line.command.name === 'approve');
}

function isApply(command: Command): boolean {
  return (
    command.name === 'apply' ||
    command.name === 'apply-force' ||
    command.name === 'apply-autoapprove' ||
    command.name === 'approve'
  );
}

/** Whose turn has come passes it on when it cannot be merged. */
function takesTurn(event: RuledEvent, it: PullCase): boolean {
  return event.kind === 'reconsider' && event.because === 'lock-freed' && waitingFor(it).length > 0;
}

interface Wants {
  readonly reviews: boolean;
  readonly checks: boolean;
  readonly mergeability: boolean;
}

const NOTHING_WANTED: Wants = { reviews: false, checks: false, mergeability: false };

function applyWants(work: Work, state: PullCase['pull']['state']): Wants {
  const checks = work.parts.flatMap((part) => requirementsFor(work, part)).filter((check) => check !== null);
  const rules = work.config.accessControl;
  const superapproval = rules.enabled && rules.policies.some((policy) => policy.applyWithSuperapproval.length > 0);
  return {
    reviews: superapproval || checks.some((check) => check.approved.enabled),
    // What the merge itself has settled is not asked again.
    checks: state !== 'merged' && checks.some((check) => check.statusChecks.enabled),
    mergeability: state !== 'merged' && checks.some((check) => check.mergeConflicts.enabled),
  };
}

/** Every list of people that a rule may ask here. */
function* matchLists(work: Work, applies: boolean): Generator<MatchList> {
  const rules = work.config.accessControl;
  if (rules.enabled) {
    yield rules.configUpdate;
    yield rules.ciConfigUpdate;
    yield rules.unlock;
    yield* rules.files.map((file) => file.allowed);
    for (const policy of work.parts.flatMap((part) => policiesFor(work, part))) {
      if (policy !== null) {
        yield policy.plan;
        if (applies) {
          yield* [
            policy.apply,
            policy.applyForce,
            policy.applyAutoapprove,
            policy.superapproval,
            policy.applyWithSuperapproval,
          ];
        }
      }
    }
  }
  if (applies) {
    for (const check of work.parts.flatMap((part) => requirementsFor(work, part))) {
      if (check?.approved.enabled === true) {
        yield* [check.approved.allOf, check.approved.anyOf];
      }
    }
  }
}

function reviewers({ github }: PullCase): readonly string[] {
  return github.reviews?.known === true ? latestReviews(github.reviews.value).map((review) => review.author.login) : [];
}

function ownerTeams(it: PullCase, work: Work, unlocked: readonly string[]): readonly string[] {
  return owningTeams(it.github, [...new Set([...unlocked, ...work.parts.flatMap((part) => filesOf(it, part))])]);
}

/** The files whose owners an `unlock` asks for. */
function unlockedFiles(event: RuledEvent, it: PullCase): readonly string[] {
  const lines = event.kind === 'comment' ? parseCommands(event.body, new Set(TRIGGERS)) : [];
  return lines.some((line) => line.ok && line.command.name === 'unlock') ? lockedFiles(it.ours.locks) : [];
}

const MAX_PEOPLE = 50;

/**
 * Memberships and permissions of these people that the lists ask for and nobody has read. `live`: those whose permission counts
 * whatever the lists say.
 */
function missingPeople(
  github: GitHubFacts,
  lists: readonly MatchList[],
  logins: readonly string[],
  also: { readonly teams: readonly string[]; readonly live: readonly string[] },
): Pick<Need, 'teams' | 'permissionsOf'> {
  const matches = lists.flat();
  const slugs = new Set([...matches.flatMap((match) => (match.kind === 'team' ? [match.slug] : [])), ...also.teams]);
  const people = [...new Set(logins)].slice(0, MAX_PEOPLE);
  const org = github.repository.owner;
  // All of them again when one is missing: what is read replaces what was read before.
  const wanted = people.flatMap((login) => [...slugs].map((slug) => ({ org, slug, login })));
  const teams = wanted.every(({ slug, login }) => github.teams?.[teamKey(org, slug, login)] !== undefined)
    ? []
    : wanted;
  const roles = matches.some((match) => match.kind === 'role');
  const whose = roles ? people : people.filter((login) => also.live.includes(login));
  const unread = whose.some((login) => github.permissions?.[login] === undefined);
  return { ...(teams.length === 0 ? {} : { teams }), ...(unread ? { permissionsOf: whose } : {}) };
}
