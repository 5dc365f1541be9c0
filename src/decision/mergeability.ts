import type { ApplyCheck } from '../domain/repo-config.ts';
import type { CheckState } from '../domain/snapshot.ts';
import { compileRegex } from '../matching/branch-pattern.ts';
import type { PullCase } from './pull-case.ts';
import type { Refusal } from './refusal.ts';

/** Names of checks that our App makes. */
const OUR_NAMES = /^plumbline\/(?:plan|apply)(?:$|[ :/])/u;

/**
 * Would GitHub merge this if our own checks were green? Computed from the other checks and from what the branch rules
 * require, never from GitHub's summary: that one waits for our apply check, and so would wait for ever. A required check
 * that never reported is missing from the list of checks, so the rules must be read; what cannot be read is no.
 */
export function checkRefusals(it: PullCase, rule: ApplyCheck['statusChecks']): readonly Refusal[] {
  const { checks, rules } = it.github;
  if (checks?.known !== true) {
    return [{ reason: 'checks-unknown', ...(checks?.known === false ? { detail: checks.why } : {}) }];
  }
  const ignored = ignores(rule.ignoreMatching);
  const others = checks.value.filter((check) => !isOurs(check) && !ignored(check.name));
  const found: Refusal[] = [];
  for (const check of others) {
    if (check.state === 'failure') {
      found.push({ reason: 'check-failed', detail: check.name });
    } else if (check.state === 'pending') {
      found.push({ reason: 'check-pending', detail: check.name });
    }
  }
  if (rules?.known !== true) {
    found.push({ reason: 'rules-unknown', ...(rules?.known === false ? { detail: rules.why } : {}) });
    return found;
  }
  const { appId: ours } = it.draft.snapshot.app;
  for (const { name, appId } of rules.value.requiredChecks) {
    const isOurs = OUR_NAMES.test(name) && (appId === null || appId === ours);
    if (!isOurs && !ignored(name) && !checks.value.some((check) => answers(check, name, appId))) {
      found.push({ reason: 'check-missing', detail: name });
    }
  }
  return found;
}

/** Is this the check that the rules ask for? The same name from another App than they name is another check. */
function answers(check: CheckState, name: string, appId: number | null): boolean {
  // A status does not say whose it is, but GitHub says whether it is the one.
  return check.name === name && (appId === null || check.appId === appId || (check.appId === null && check.required));
}

/** Ours by the App that made it; a check that only bears our name is somebody else's. */
function isOurs(check: CheckState): boolean {
  return check.ours;
}

function ignores(patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.flatMap((pattern) => {
    const regex = compileRegex(pattern);
    return regex.ok ? [regex.pattern] : [];
  });
  return (name) => patterns.includes(name) || compiled.some((pattern) => pattern.matches(name));
}

/** A merge conflict, or that GitHub does not know yet. */
export function conflictRefusals(it: PullCase): readonly Refusal[] {
  const { mergeable } = it.github;
  if (mergeable === 'MERGEABLE') {
    return [];
  }
  return [{ reason: mergeable === 'CONFLICTING' ? 'merge-conflict' : 'mergeability-unknown' }];
}
