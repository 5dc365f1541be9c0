import type { AccessControl, ApplyCheck, ApplyRequirements } from '../domain/repo-config.ts';
import { ANYTHING } from '../domain/tag-query.ts';
import { normalPath } from '../matching/repo-path.ts';
import type { Report } from './finding.ts';
import type { KeyPath } from './key-path.ts';
import type { Prover } from './prove-values.ts';
import type { RawAccessControl, RawApplyRequirements } from './schema-policies.ts';

/** `access_control` with its defaults: everybody with write permission may plan and apply, nobody may force. */
export function proveAccessControl(raw: RawAccessControl, prover: Prover): AccessControl {
  const path = ['access_control'];
  const people = (texts: readonly string[] | undefined, at: KeyPath) => prover.matches(texts ?? ['*'], at);
  const policies = raw.policies ?? [{ tag_query: '' }];
  return {
    enabled: raw.enabled ?? true,
    policies: policies.map((policy, index) => {
      const at = [...path, 'policies', index];
      return {
        tagQuery: prover.tagQuery(policy.tag_query, [...at, 'tag_query']),
        plan: people(policy.plan, [...at, 'plan']),
        apply: people(policy.apply, [...at, 'apply']),
        applyForce: prover.matches(policy.apply_force ?? [], [...at, 'apply_force']),
        applyAutoapprove: prover.matches(policy.apply_autoapprove ?? [], [...at, 'apply_autoapprove']),
        superapproval: prover.matches(policy.superapproval ?? [], [...at, 'superapproval']),
        applyWithSuperapproval: prover.matches(policy.apply_with_superapproval ?? [], [
          ...at,
          'apply_with_superapproval',
        ]),
      };
    }),
    configUpdate: people(raw.config_update, [...path, 'config_update']),
    ciConfigUpdate: people(raw.ci_config_update, [...path, 'ci_config_update']),
    files: Object.entries(raw.files ?? {}).map(([file, matches]) => {
      const at = [...path, 'files', file];
      const normal = file.startsWith('/') ? undefined : normalPath(file);
      if (normal === undefined || normal === '.') {
        const message = 'Must be a file inside the repository, relative to its root.';
        prover.report({ code: 'path', path: at, at: 'key', message });
      }
      return { path: normal ?? file, allowed: prover.matches(matches, at) };
    }),
    unlock: people(raw.unlock, [...path, 'unlock']),
    applyRequireAllDirspaceAccess: raw.apply_require_all_dirspace_access ?? true,
    planRequireAllDirspaceAccess: raw.plan_require_all_dirspace_access ?? false,
  };
}

/** `apply_requirements` with its defaults. */
export function proveApplyRequirements(raw: RawApplyRequirements, prover: Prover, warning: Report): ApplyRequirements {
  const checks = Array.isArray(raw.checks) ? raw.checks : [{ tag_query: ANYTHING.text }];
  return {
    createPendingApplyCheck: raw.create_pending_apply_check ?? true,
    createCompletedApplyCheckOnNoop: raw.create_completed_apply_check_on_noop ?? false,
    approvals: raw.approvals ?? 'head',
    staleApprovals: raw.stale_approvals ?? 'drop',
    repeatGateSteps: raw.repeat_gate_steps ?? true,
    checks: checks.map((check, index) => proveCheck(check, ['apply_requirements', 'checks', index], prover, warning)),
  };
}

type RawCheck = Extract<NonNullable<RawApplyRequirements['checks']>, readonly unknown[]>[number];

function proveCheck(check: RawCheck, path: KeyPath, prover: Prover, warning: Report): ApplyCheck {
  const { approved, merge_conflicts, status_checks, apply_after_merge, risk } = check;
  const patterns = status_checks?.ignore_matching ?? [];
  return {
    tagQuery: prover.tagQuery(check.tag_query, [...path, 'tag_query']),
    approved: {
      enabled: approved?.enabled ?? false,
      allOf: prover.matches(approved?.all_of ?? [], [...path, 'approved', 'all_of']),
      anyOf: prover.matches(approved?.any_of ?? [], [...path, 'approved', 'any_of']),
      anyOfCount: approved?.any_of_count ?? 1,
      requireCompletedReviews: approved?.require_completed_reviews ?? false,
    },
    mergeConflicts: { enabled: merge_conflicts?.enabled ?? true },
    statusChecks: {
      enabled: status_checks?.enabled ?? true,
      ignoreMatching: patterns.map((pattern, index) =>
        prover.regex(pattern, [...path, 'status_checks', 'ignore_matching', index], warning),
      ),
    },
    applyAfterMerge: { enabled: apply_after_merge?.enabled ?? false },
    requireReadyForReviewPr: check.require_ready_for_review_pr ?? true,
    ...(risk === undefined ? {} : { risk: { maxPoints: risk.max_points } }),
  };
}
