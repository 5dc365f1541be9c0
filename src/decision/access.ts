import { isConfigPath } from '../config/config-paths.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { AccessPolicy } from '../domain/repo-config.ts';
import type { MatchList } from '../domain/workflow-step.ts';
import { dirOf } from '../matching/repo-path.ts';
import { matchTagQuery } from '../matching/tag-query.ts';
import { ownsAll } from './codeowners.ts';
import { note } from './draft.ts';
import { type Answer, isNamed } from './people.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';
import type { Part, Work } from './work.ts';
import { WORKFLOW_PATH } from './workflow-file.ts';

export type Operation = 'plan' | 'apply' | 'applyForce' | 'applyAutoapprove';

/** Is this person in the list, as an owner of this dirspace's files if it comes to that? */
export function named(it: PullCase, list: MatchList, login: string, part: Part | null): Answer {
  return isNamed(list, login, it.github, (who) => ownsAll(it.github, part === null ? [] : filesOf(it, part), who));
}

/**
 * The files that a dirspace is about: the changed ones that brought it into the change or stand below its directory; of one that
 * was pulled in by something else, those in its directory.
 */
export function filesOf({ github }: PullCase, part: Part): readonly string[] {
  const changed = github.changedFiles?.known === true ? github.changedFiles.value : [];
  const below = changed
    .filter(({ path }) => part.dir === '.' || path.startsWith(`${part.dir}/`))
    .map(({ path }) => path);
  const because = part.because.flatMap((one) => ('file' in one ? [one.file] : []));
  const own = new Set([...because, ...below]);
  const tree = github.files?.known === true ? github.files.value : [];
  return own.size > 0 ? [...own] : tree.filter((path) => dirOf(path) === part.dir);
}

/** The policies that cover a dirspace: the first that matches under each set of its tags; null where none does. */
export function policiesFor(work: Work, part: Part): readonly (AccessPolicy | null)[] {
  return part.tagSets.map(
    (tags) =>
      work.config.accessControl.policies.find((policy) =>
        matchTagQuery(policy.tagQuery, { tags, dir: part.dir, workspace: part.workspace }),
      ) ?? null,
  );
}

/** Who asks for what. `approvers`: whose approvals stand for the plan; null: that could not be read. */
interface AccessAsk {
  readonly operation: Operation;
  readonly login: string;
  readonly approvers: readonly string[] | null;
}

/**
 * May this person do this on this dirspace? Null: yes. Write permission is asked before and elsewhere. With access control
 * off the lists are not asked, but what is nobody's by default (`apply-force`, `apply-autoapprove`) stays nobody's.
 */
export function accessRefusal(it: PullCase, work: Work, part: Part, ask: AccessAsk): ReasonCode | null {
  const { operation } = ask;
  if (!work.config.accessControl.enabled) {
    return operation === 'applyForce' || operation === 'applyAutoapprove' ? notGranted(operation) : null;
  }
  for (const policy of policiesFor(work, part)) {
    if (policy === null) {
      return 'access-no-policy';
    }
    const answer = policyAnswer(it, policy, part, ask);
    if (answer !== 'yes') {
      return answer === 'unknown' ? 'access-unknown' : notGranted(operation);
    }
  }
  return null;
}

function policyAnswer(
  it: PullCase,
  policy: AccessPolicy,
  part: Part,
  { operation, login, approvers }: AccessAsk,
): Answer {
  const direct = named(it, policy[operation], login, part);
  if (direct === 'yes' || operation !== 'apply') {
    return direct;
  }
  const mayWithHelp = named(it, policy.applyWithSuperapproval, login, part);
  const helped =
    approvers === null
      ? policy.superapproval.map((): Answer => 'unknown')
      : approvers
          .filter((approver) => approver.toLowerCase() !== login.toLowerCase())
          .map((approver) => named(it, policy.superapproval, approver, part));
  if (mayWithHelp === 'yes' && helped.includes('yes')) {
    note(it.draft, 'access', 'pass', 'superapproved', login);
    return 'yes';
  }
  const unsure =
    direct === 'unknown' || mayWithHelp === 'unknown' || (mayWithHelp === 'yes' && helped.includes('unknown'));
  return unsure ? 'unknown' : 'no';
}

function notGranted(operation: Operation): ReasonCode {
  switch (operation) {
    case 'applyForce':
      return 'force-not-granted';
    case 'applyAutoapprove':
      return 'autoapprove-not-granted';
    case 'plan':
    case 'apply':
      return 'access-denied';
  }
}

/** May this person run anything for a pull request that changes these files? Every violation, by file. */
export function fileRefusals(it: PullCase, work: Work, login: string): readonly Refusal[] {
  const rules = work.config.accessControl;
  if (!rules.enabled || it.github.changedFiles?.known !== true) {
    return [];
  }
  const found: Refusal[] = [];
  const paths = new Set(it.github.changedFiles.value.flatMap(({ path, previousPath = path }) => [path, previousPath]));
  const ask = (list: MatchList, path: string, denied: ReasonCode) => {
    const answer = isNamed(list, login, it.github, (who) => ownsAll(it.github, [path], who));
    if (answer !== 'yes') {
      found.push({ reason: answer === 'no' ? denied : 'access-unknown', detail: path });
    }
  };
  for (const path of paths) {
    if (isConfigPath(path)) {
      ask(rules.configUpdate, path, 'config-update-denied');
    }
    if (path === WORKFLOW_PATH) {
      ask(rules.ciConfigUpdate, path, 'ci-config-update-denied');
    }
  }
  for (const { path, allowed } of rules.files) {
    if (paths.has(path)) {
      ask(allowed, path, 'file-update-denied');
    }
  }
  return found;
}
