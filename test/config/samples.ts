import { effectiveConfig } from '../../src/config/merge-config.ts';
import { parseConfig, type RawConfig } from '../../src/config/parse-config.ts';
import type { RepoConfig } from '../../src/domain/repo-config.ts';

/** A file that must be fine. */
export function parsed(text: string, file = 'config.yml'): RawConfig {
  const result = parseConfig(text, { file });
  if (!result.ok) {
    throw new Error(`unexpected problems: ${JSON.stringify(result.problems, undefined, 1)}`);
  }
  return result.config;
}

/** What a file means by itself. */
export function meaning(text: string): RepoConfig {
  const { config, problems } = effectiveConfig([{ name: 'file', config: parsed(text) }]);
  if (problems.length > 0) {
    throw new Error(`unexpected problems: ${JSON.stringify(problems, undefined, 1)}`);
  }
  return config;
}

/** `line:column code path` of each problem of a file that is not fine. */
export function problemsOf(text: string): readonly string[] {
  const result = parseConfig(text, { file: 'config.yml' });
  return result.ok
    ? []
    : result.problems.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`.trim());
}

/** Files that together use every key and every form. A test checks that they do. */
export const SAMPLES: readonly string[] = [
  `
version: "1"
enabled: true
definitions: {anything: [goes]}
when_modified:
  file_patterns: ["**/*.tf", "*.json", "!**/x.tf", "\${DIR}/../shared/*.tf", "lib/**"]
  autoplan: false
  autoplan_draft_pr: false
  autoapply: true
  depends_on: "a or b"
dirs:
  prod:
    tags: [p]
    create_and_select_workspace: false
    create_if_missing: true
    lock_branch_target: dest_branch
    when_modified: {autoplan: true, depends_on: {tag_query: "relative_dir:../base", prune_on_no_change: true}}
    workspaces:
      eu: {tags: [e], when_modified: {autoplan: false, file_patterns: []}}
      us:
  old:
    stacks: {one: {tags: [t]}}
  "modules/**": {when_modified: {file_patterns: []}}
default_tf_version: "1.5.7"
parallel_runs: 7
batch_runs: {enabled: true, max_workspaces_per_batch: 0}
create_and_select_workspace: true
checkout_strategy: checkout
default_branch_overrides: [workflows, dirs]
destination_branches:
  - main
  - branch: "release/*"
    source_branches: ["*", "!hack/*"]
access_control:
  enabled: true
  policies:
    - tag_query: p
      plan: ["*"]
      apply: ["user:Alice", "team:SRE"]
      apply_force: ["role:admin"]
      apply_autoapprove: ["repo:maintain"]
      superapproval: [codeowners]
      apply_with_superapproval: ["role:write"]
  config_update: ["role:admin"]
  ci_config_update: ["team:ci"]
  files: {"ci/x.sh": ["user:bob"]}
  unlock: ["role:write"]
  apply_require_all_dirspace_access: false
  plan_require_all_dirspace_access: true
apply_requirements:
  create_pending_apply_check: false
  create_completed_apply_check_on_noop: true
  approvals: plan
  stale_approvals: keep
  repeat_gate_steps: false
  checks:
    - tag_query: p
      approved: {enabled: true, all_of: ["team:a"], any_of: ["user:b"], any_of_count: 2, require_completed_reviews: true}
      merge_conflicts: {enabled: false}
      status_checks: {enabled: false, ignore_matching: ["^ci/.*"]}
      apply_after_merge: {enabled: true}
      require_ready_for_review_pr: false
      risk: {max_points: 10}
automerge: {enabled: true, delete_branch: true, require_explicit_apply: true, retain_pr_title: true, merge_strategy: squash}
cost_estimation: {enabled: false, provider: infracost, currency: EUR}
drift:
  enabled: true
  schedules:
    night:
      schedule: daily
      tag_query: ""
      reconcile: true
      window: {start: "22:00 UTC", end: "06:30 Europe/Berlin"}
storage:
  plans: {method: cmd, store: [put, $plan_path], fetch: [get], delete: [rm]}
tags:
  branch: {feature: "^feature/"}
  dest_branch: {main: "^main$"}
stacks:
  names:
    base: {tag_query: b, variables: {env: dev}, rules: {auto_apply: true}}
    app: {tag_query: a, rules: {plan_after: [base], apply_after: [base], modified_by: [base]}}
    all: {stacks: [base, app]}
notifications:
  policies: [{tag_query: p, comment_strategy: append}]
  summary: {enabled: true}
integrations: {resourcely: {enabled: true, extra_args: [-v]}}
config_builder: {enabled: true, script: "echo {}"}
tree_builder: {enabled: true, script: "echo []"}
modules: off
forks: {plan: sandbox}
base_moved: strict
stale_plans: mark
apply_partially: true
checks: statuses
labels: true
command_aliases: [atlantis, atlantis, terrateam]
plan_key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
trusted_bots: ["Renovate[bot]"]
`,
  `
engine: {name: tofu, version: "1.8.1", override_tf_cmd: ./tofu.sh, outputs: {collect: false}}
hooks:
  all:
    pre:
      - {type: run, cmd: [a], capture_output: false, env: {A: b}, run_on: always, ignore_errors: true, visible_on: always, format: raw}
      - {type: oidc, role_arn: r, assume_role_arn: q, assume_role_enabled: false, audience: x, duration: 900, region: eu-west-1, session_name: s, provider: aws}
      - {type: oidc, provider: gcp, service_account: s, workload_identity_provider: w, audience: a, project_id: p, access_token_lifetime: 60, access_token_subject: j}
      - {type: oidc, provider: azure, client_id: c, tenant_id: t, subscription_id: s, audience: a}
    post: [{type: drift_create_issue, group_by: dirspace}]
  plan:
    pre: [{type: env, name: X, cmd: [date], method: exec, trim_trailing_newlines: false, sensitive: true}]
    post: [{type: env, method: source, cmd: [./env.sh], sensitive: true}]
  apply: {post: [{type: gates, cmd: [g], env: {A: b}, run_on: failure}]}
workflows:
  - tag_query: a
    plan:
      - {type: init, extra_args: [-upgrade], env: {A: b}}
      - {type: plan, extra_args: [-lock=false], env: {A: b}, mode: fast-and-loose}
      - {type: checkov, extra_args: [a], env: {A: b}, ignore_errors: true, run_on: always, visible_on: always, gate: {token: t, name: n, all_of: ["*"], any_of: ["user:x"], any_of_count: 2}}
      - {type: conftest}
      - {type: opa, fail_on: defined}
    apply:
      - {type: apply, extra_args: [a], env: {A: b}, retry: {enabled: true, tries: 2, initial_sleep: 1, backoff: 2}}
      - {type: run, cmd: [x], format: {type: code, lang: json}, on_error: [{type: gate, token: t, name: n, all_of: [], any_of: [], any_of_count: 0}]}
    engine: {name: terragrunt, version: "0.55", tf_cmd: tofu, tf_version: "1.8", override_tf_cmd: x, outputs: {collect: true}}
    environment: "prod-\${env}"
    runs_on: {group: big, labels: [self-hosted]}
    lock_policy: merge
    integrations: {resourcely: {enabled: false}}
  - {tag_query: b, environment: {plan: p, apply: a}, engine: {name: cdktf, version: "1", tf_cmd: terraform, tf_version: "1", override_tf_cmd: x, outputs: {collect: true}}}
  - {tag_query: c, engine: {name: stategraph, version: "1", tf_cmd: terraform, tf_version: "1", override_tf_cmd: x, outputs: {collect: false}}}
  - {tag_query: d, engine: {name: terraform, version: "1", override_tf_cmd: x, outputs: {collect: false}}}
  - {tag_query: e, engine: {name: pulumi}}
  - {tag_query: f, engine: {name: fly, config_file: fly.toml}}
  - {tag_query: g, engine: {name: custom, init: [i], plan: [p], diff: [d], apply: [a], unsafe_apply: [u], outputs: [o]}}
  - {tag_query: h, terraform_version: "1.4.0"}
  - {tag_query: i, terragrunt: true}
  - {tag_query: j, cdktf: true}
access_control: {terrateam_config_update: ["user:x"]}
apply_requirements: {checks: {approved: {enabled: true, count: 2}, merge_conflicts: {enabled: false}, status_checks: {enabled: false}}}
drift: {enabled: true, schedule: weekly, reconcile: true, tag_query: x}
indexer: {enabled: true, build_tag: v1}
storage: {plans: {method: s3, bucket: b, region: r, path: p, access_key_id: k, secret_access_key: $S, delete_used_plans: false, store_extra_args: [a], fetch_extra_args: [b], delete_extra_args: [c]}}
`,
  'storage: {plans: {method: terrateam}}',
];
