import { type Dirspace, dirspaceKey, dirspaceName } from '../domain/dirspace.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import { isActive } from '../domain/run.ts';
import { pathIn } from '../matching/repo-path.ts';
import { matchTagQuery } from '../matching/tag-query.ts';
import { code } from '../report/escape.ts';
import type { Asker } from './answer-command.ts';
import { refusedByConfig } from './broken-config.ts';
import { ownsAll } from './codeowners.ts';
import type { Command } from './command.ts';
import { intend, note } from './draft.ts';
import { type Outcome, refused } from './outcome.ts';
import { isNamed } from './people.ts';
import { publish } from './plan.ts';
import type { PullCase } from './pull-case.ts';
import { readConfig } from './pull-config.ts';
import { refusalBody } from './refusal.ts';
import { wakeLine } from './waiting-line.ts';

/**
 * `plumbline unlock`: give up what this pull request holds, or what the named ones hold. It needs write permission and, with
 * access control, `unlock`; it is refused while an apply runs under the lock. What was applied stays applied.
 */
export function unlockCommand(it: PullCase, command: Extract<Command, { name: 'unlock' }>, asker: Asker): Outcome {
  const read = readConfig(it.github);
  if (!read.ok) {
    // A broken configuration must not keep locks for ever, but then nobody can say who may release them.
    return refusedByConfig(it, read.notices);
  }
  const rules = read.config.base.accessControl;
  const pulls = command.pulls.length === 0 && !command.drift ? [it.pull.number] : command.pulls;
  return together(
    it,
    pulls.map((pull) => unlockOne(it, pull, command, { asker, rules })),
  );
}

/** What was done and what was not, for all that were named. */
function together(it: PullCase, outcomes: readonly Outcome[]): Outcome {
  const refusals = outcomes.flatMap((outcome) => outcome.refusals);
  const answers = outcomes.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  if (answers.length === 0) {
    return { reason: refusals[0]?.reason ?? 'nothing-to-do', refusals: refusals.length === 0 ? NOTHING : refusals };
  }
  for (const { reason, detail } of refusals) {
    note(it.draft, 'unlock', 'refuse', reason, detail);
  }
  const rest = refusals.length === 0 ? [] : [refusalBody('plumbline unlock', refusals)];
  return { reason: 'unlocked', refusals: [], answer: [...answers, ...rest].join('\n\n') };
}

const NOTHING = [{ reason: 'nothing-to-do' }] as const;

interface Rules {
  readonly asker: Asker;
  readonly rules: RepoConfig['accessControl'];
}

function unlockOne(
  it: PullCase,
  pull: number,
  { query }: Extract<Command, { name: 'unlock' }>,
  { asker, rules }: Rules,
): Outcome {
  const { draft, ours } = it;
  const claims = ours.locks.filter((claim) => claim.pull === pull);
  const chosen = query === null ? claims : claims.filter((claim) => matchTagQuery(query, subject(claim)));
  const owns = (login: string) => ownsAll(it.github, lockedFiles(chosen), login);
  const may = rules.enabled ? isNamed(rules.unlock, asker.login, it.github, owns) : 'yes';
  if (chosen.length > 0 && may !== 'yes') {
    return refused(may === 'no' ? 'unlock-denied' : 'access-unknown');
  }
  const keys = new Set(chosen.map(dirspaceKey));
  const running = [
    ...ours.runs
      .filter((run) => run.pull === pull && run.kind === 'apply' && isActive(run.state))
      .flatMap((run) => run.targets),
    ...(ours.busy ?? []).filter((one) => one.pull === pull && one.kind === 'apply'),
  ].filter((one) => query === null || keys.has(dirspaceKey(one)));
  if (running.length > 0) {
    return refused('lock-in-use', { detail: `#${pull}`, about: running.map(plain), next: 'plumbline cancel' });
  }
  if (chosen.length === 0) {
    return refused('nothing-to-do', { detail: `#${pull} holds nothing here.` });
  }
  const dirspaces = chosen.map(plain);
  const given = query === null ? ({ dirspaces: 'all' } as const) : ({ dirspaces, byPerson: true } as const);
  intend(draft, { do: 'release-locks', pull, ...given });
  const detail = { pull, dirspaces: dirspaces.map(dirspaceName) };
  intend(draft, { do: 'audit', action: 'unlock', actor: asker.login, detail });
  wakeLine({ ...it, pull: { number: pull } }, dirspaces);
  publish(it);
  return { reason: 'unlocked', refusals: [], answer: freed(pull, dirspaces) };
}

/** Which files stand for the dirspaces whose owners may unlock them: nothing else of them is known without their tree. */
export function lockedFiles(locks: readonly Dirspace[]): readonly string[] {
  return [...new Set(locks.map(({ dir }) => pathIn(dir, 'main.tf')))];
}

function freed(pull: number, dirspaces: readonly Dirspace[]): string {
  const names = dirspaces.slice(0, 50).map((one) => `- ${code(dirspaceName(one))}`);
  const more = dirspaces.length > 50 ? [`- And ${dirspaces.length - 50} more.`] : [];
  return [`**Unlocked** what #${pull} held or waited for:`, '', ...names, ...more].join('\n');
}

function subject({ dir, workspace }: Dirspace) {
  return { tags: [`dir:${dir}`, `workspace:${workspace}`], dir, workspace };
}

function plain({ dir, workspace }: Dirspace): Dirspace {
  return { dir, workspace };
}
