import type { Change } from '../domain/change.ts';
import type { TraceLine } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import type { MergeGroup } from '../domain/merge-group.ts';
import type { DisplaySettings, Notice, SeenReview } from '../domain/notice.ts';
import type { Diagnostic, PlanModel } from '../domain/plan-model.ts';
import type { DirspaceNeeds } from '../domain/pull-view.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { ChangeCounts, DirspaceResult, DiscoveryOrder, PlanFacts, RunKind, RunState } from '../domain/run.ts';
import type { StepResult } from '../domain/runner-step.ts';
import type { Discovery, ReportedOutcome, RunReport, TargetSettings } from '../domain/snapshot.ts';
import type { GateRule } from '../domain/workflow-step.ts';
import {
  bool,
  bytes,
  counted,
  document,
  float8,
  int4,
  int8,
  moment,
  orNull,
  type RowOf,
  type Table,
  text,
  withDefault,
} from './column.ts';
import type { EffectIntent } from './effect-intent.ts';
import type { OutcomeDetails } from './outcome-details.ts';

/**
 * Every table, once. The types that queries are checked against follow from it; the migrations build it, and a test
 * compares what they built with what stands here.
 */
export const TABLES = {
  installation: {
    columns: {
      id: int8(),
      account_id: int8(),
      account_login: text(),
      account_type: text(),
      state: text<'active' | 'suspended'>(),
      paused: withDefault(bool(), 'false'),
      created_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['id'],
    owner: 'id',
  },
  /** The installation's key, wrapped by a root key. In a table of its own, so that it can be destroyed on its own. */
  installation_key: {
    columns: { installation_id: int8(), wrapped: text(), created_at: withDefault(moment(), 'now()') },
    primaryKey: ['installation_id'],
    owner: 'installation_id',
  },
  /** What is left of an uninstalled installation: when, and how many rows were removed. */
  uninstall_receipt: {
    columns: {
      installation_id: int8(),
      uninstalled_at: withDefault(moment(), 'now()'),
      removed: document<Readonly<Record<string, number>>>(),
    },
    primaryKey: ['installation_id'],
    owner: 'receipt',
  },
  repository: {
    columns: {
      id: int8(),
      installation_id: int8(),
      owner: text(),
      name: text(),
      owner_id: orNull(int8()),
      default_branch: orNull(text()),
      archived: withDefault(bool(), 'false'),
      paused: withDefault(bool(), 'false'),
      created_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    index: { repository_installation: '(installation_id)' },
  },
  pull_request: {
    columns: {
      repository_id: int8(),
      number: int8(),
      state: text<'open' | 'closed' | 'merged'>(),
      draft: bool(),
      title: text(),
      author_id: int8(),
      author_login: text(),
      head_sha: text(),
      head_ref: text(),
      head_repository_id: orNull(int8()),
      base_sha: text(),
      base_ref: text(),
      merged_at: orNull(moment()),
      merge_commit_sha: orNull(text()),
      labels: document<readonly string[]>(),
      change: orNull(document<Change>()),
      notices: withDefault(document<readonly Notice[]>(), "'[]'::jsonb"),
      display: orNull(document<DisplaySettings>()),
      reviewed: orNull(document<SeenReview>()),
      comment_id: orNull(int8()),
      comment_node_id: orNull(text()),
      comment_revision: withDefault(int4(), '0'),
      /** Which results the comment shows; another set may be worth a comment of its own. */
      comment_shows: orNull(text()),
      first_applied_at: orNull(moment()),
      unlocked_at: orNull(moment()),
      observed_at: withDefault(moment(), 'now()'),
      /** May something be applied or merged without anybody asking? */
      by_itself: withDefault(bool(), 'false'),
      /** The merge that a merge queue tries with it. */
      merge_group: orNull(document<MergeGroup>()),
      needs: orNull(document<readonly DirspaceNeeds[]>()),
    },
    primaryKey: ['repository_id', 'number'],
    owner: 'repository_id',
    index: { pull_request_open: "(repository_id, base_ref) WHERE (state = 'open'::text)" },
  },
  /**
   * A line of events. `due_at`: null when nothing waits; else when somebody may take it: at once, after a backoff, or,
   * while it is leased, when that lease runs out.
   */
  subject: {
    columns: {
      name: text(),
      installation_id: int8(),
      next_seq: int8(),
      due_at: orNull(moment()),
      lease_token: orNull(text()),
    },
    primaryKey: ['name'],
    owner: 'installation_id',
    index: { subject_due: '(due_at) WHERE (due_at IS NOT NULL)' },
  },
  inbox_event: {
    columns: {
      id: counted(),
      key: text(),
      installation_id: int8(),
      subject: orNull(text()),
      seq: orNull(int8()),
      name: text(),
      event: orNull(document<Event>()),
      state: text<'pending' | 'done' | 'ignored' | 'dead'>(),
      reason: orNull(text()),
      attempts: withDefault(int4(), '0'),
      last_error: orNull(text()),
      received_at: withDefault(moment(), 'now()'),
      finished_at: orNull(moment()),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    unique: { inbox_event_key: '(key)' },
    index: {
      inbox_event_pending: "(subject, seq) WHERE (state = 'pending'::text)",
      inbox_event_finished: '(finished_at) WHERE (finished_at IS NOT NULL)',
    },
  },
  timer: {
    columns: { key: text(), installation_id: int8(), due_at: moment(), event: document<Event>() },
    primaryKey: ['key'],
    owner: 'installation_id',
    index: { timer_due: '(due_at)' },
  },
  /** How far the list of deliveries that GitHub keeps was compared with what came in; one row. */
  delivery_look: {
    columns: {
      name: text(),
      /** Everything that was delivered before it was compared. */
      seen_until: moment(),
      /** Where a comparison that was too long for one look goes on, and where it began. */
      cursor: orNull(text()),
      walk_from: orNull(moment()),
      due_at: moment(),
      lease_token: orNull(text()),
      lease_until: orNull(moment()),
    },
    primaryKey: ['name'],
    owner: 'none',
  },
  /** What GitHub delivered and we do not have, until it comes or GitHub has forgotten it. */
  lost_delivery: {
    columns: {
      guid: text(),
      delivery_id: text(),
      delivered_at: moment(),
      asked: withDefault(int4(), '0'),
      due_at: moment(),
    },
    primaryKey: ['guid'],
    owner: 'none',
    index: { lost_delivery_due: '(due_at)' },
  },
  decision: {
    columns: {
      id: counted(),
      installation_id: int8(),
      repository_id: orNull(int8()),
      pull: orNull(int8()),
      subject: text(),
      event_key: text(),
      event_kind: text(),
      reason: text<ReasonCode>(),
      trace: document<readonly TraceLine[]>(),
      intents: document<readonly string[]>(),
      decided_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    index: { decision_pull: '(repository_id, pull, id)' },
  },
  /** A row per dirspace that was ever run or claimed: what a commit locks when it assumes something about it. */
  dirspace: {
    columns: { repository_id: int8(), dir: text(), workspace: text() },
    primaryKey: ['repository_id', 'dir', 'workspace'],
    owner: 'repository_id',
  },
  run: {
    columns: {
      id: text(),
      installation_id: int8(),
      repository_id: int8(),
      pull: int8(),
      kind: text<RunKind>(),
      state: text<RunState>(),
      head_sha: text(),
      base_sha: text(),
      base_ref: text(),
      environment: orNull(text()),
      runs_on: orNull(text()),
      flags: document<readonly string[]>(),
      requested_by_id: int8(),
      requested_by_login: text(),
      requested_at: moment(),
      autoapprove: bool(),
      force: bool(),
      discovery_order: orNull(document<DiscoveryOrder>()),
      parallel: int4(),
      config_digest: text(),
      created_at: withDefault(moment(), 'now()'),
      dispatched_at: orNull(moment()),
      claimed_at: orNull(moment()),
      heartbeat_at: orNull(moment()),
      begun_at: orNull(moment()),
      reported_at: orNull(moment()),
      ended_at: orNull(moment()),
      end_reason: orNull(text<ReasonCode>()),
      github_run_id: orNull(int8()),
      github_status: orNull(text()),
      token_hash: orNull(text()),
      manifest: withDefault(text<'withheld' | 'released' | 'refused'>(), "'withheld'::text"),
      manifest_reason: orNull(text<ReasonCode>()),
      manifest_text: orNull(text()),
      cancel: withDefault(bool(), 'false'),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    unique: { run_token: '(token_hash)', run_github: '(repository_id, github_run_id)' },
    index: {
      run_pull: '(repository_id, pull, created_at)',
      run_active: '(created_at) WHERE (ended_at IS NULL)',
    },
  },
  run_target: {
    columns: {
      run_id: text(),
      position: int4(),
      repository_id: int8(),
      pull: int8(),
      kind: text<RunKind>(),
      dir: text(),
      workspace: text(),
      plan_id: text(),
      settings: document<TargetSettings | null>(),
      active: bool(),
    },
    primaryKey: ['run_id', 'position'],
    owner: 'repository_id',
    unique: {
      run_target_one_apply: "(repository_id, dir, workspace) WHERE (active AND (kind = 'apply'::text))",
      run_target_one_run: '(repository_id, pull, dir, workspace, kind) WHERE active',
    },
  },
  run_report: {
    columns: {
      run_id: text(),
      repository_id: int8(),
      tree_sha: orNull(text()),
      problem: orNull(document<RunReport['problem']>()),
      outcomes: document<readonly ReportedOutcome[]>(),
      details: orNull(document<Readonly<Record<string, OutcomeDetails>>>()),
      received_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['run_id'],
    owner: 'repository_id',
  },
  /** One word on one dirspace of one pull request. `newest` marks the last one; the others are its history. */
  dirspace_result: {
    columns: {
      id: counted(),
      run_id: text(),
      position: int4(),
      repository_id: int8(),
      pull: int8(),
      kind: text<RunKind>(),
      dir: text(),
      workspace: text(),
      state: text<DirspaceResult['state']>(),
      head_sha: text(),
      base_sha: text(),
      digest: orNull(text()),
      plan_id: orNull(text()),
      addresses: document<readonly string[]>(),
      counts: orNull(document<ChangeCounts>()),
      risk_points: orNull(float8()),
      serial: orNull(int8()),
      model: orNull(document<PlanModel>()),
      outcome: orNull(document<OutcomeDetails['apply']>()),
      diagnostics: document<readonly Diagnostic[]>(),
      failed_at: orNull(text()),
      engine: orNull(document<OutcomeDetails['engine']>()),
      duration_ms: orNull(int8()),
      ended_at: withDefault(moment(), 'now()'),
      newest: bool(),
      superseded: bool(),
      steps: orNull(document<readonly StepResult[]>()),
    },
    primaryKey: ['id'],
    owner: 'repository_id',
    unique: { dirspace_result_newest: '(repository_id, pull, dir, workspace) WHERE newest' },
    index: { dirspace_result_run: '(run_id)', dirspace_result_plan: '(plan_id)' },
  },
  discovery: {
    columns: {
      run_id: text(),
      repository_id: int8(),
      tree_sha: text(),
      found: document<Pick<Discovery, 'index' | 'config' | 'tree'>>(),
      received_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['run_id'],
    owner: 'repository_id',
    index: { discovery_pull: '(repository_id, received_at)' },
  },
  /** A plan file's record. Once erased it is a tombstone: digest and times. */
  plan: {
    columns: {
      id: text(),
      installation_id: int8(),
      repository_id: int8(),
      run_id: text(),
      pull: int8(),
      dir: text(),
      workspace: text(),
      state: text<'expected' | 'stored' | 'erased'>(),
      erased_because: orNull(text<ReasonCode>()),
      digest: orNull(text()),
      facts: orNull(document<PlanFacts>()),
      /** Which upload's chunks are the plan. */
      upload: orNull(text()),
      stored_bytes: orNull(int8()),
      stored_sha256: orNull(text()),
      created_at: withDefault(moment(), 'now()'),
      stored_at: orNull(moment()),
      published_at: orNull(moment()),
      expires_at: moment(),
      erased_at: orNull(moment()),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    index: {
      plan_pull: '(repository_id, pull)',
      plan_run: '(run_id)',
      plan_expiry: "(expires_at) WHERE (state <> 'erased'::text)",
    },
  },
  /** The plan's data key, wrapped by the installation key. */
  plan_key: {
    columns: { plan_id: text(), wrapped: text() },
    primaryKey: ['plan_id'],
    owner: 'plan_id',
  },
  plan_chunk: {
    columns: { plan_id: text(), upload: text(), seq: int4(), bytes: bytes() },
    primaryKey: ['plan_id', 'upload', 'seq'],
    owner: 'plan_id',
  },
  lock_claim: {
    columns: {
      repository_id: int8(),
      dir: text(),
      workspace: text(),
      pull: int8(),
      base_ref: text(),
      merged_at: orNull(moment()),
      applied_at: orNull(moment()),
      claimed_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['repository_id', 'dir', 'workspace', 'pull'],
    owner: 'repository_id',
  },
  /** What the newest plan of a dirspace asks for beside everything else. */
  requested_gate: {
    columns: {
      repository_id: int8(),
      pull: int8(),
      dir: text(),
      workspace: text(),
      position: int4(),
      head_sha: text(),
      plan_id: text(),
      policy: orNull(text()),
      gate: document<GateRule>(),
    },
    primaryKey: ['repository_id', 'pull', 'dir', 'workspace', 'position'],
    owner: 'repository_id',
  },
  gate_approval: {
    columns: {
      repository_id: int8(),
      pull: int8(),
      head_sha: text(),
      token: text(),
      by_id: int8(),
      by_login: text(),
      approved_at: moment(),
    },
    primaryKey: ['repository_id', 'pull', 'head_sha', 'token', 'by_id'],
    owner: 'repository_id',
  },
  /** One effect on GitHub. A `state` row is the newest wish for its target; `step` rows of a target happen in order, once. */
  outbox: {
    columns: {
      id: counted(),
      installation_id: int8(),
      repository_id: int8(),
      target: text(),
      shape: text<'state' | 'step'>(),
      key: text(),
      intent: document<EffectIntent>(),
      version: withDefault(int4(), '1'),
      state: text<'pending' | 'sending' | 'done' | 'dead'>(),
      attempts: withDefault(int4(), '0'),
      due_at: withDefault(moment(), 'now()'),
      decision_id: orNull(int8()),
      last_error: orNull(text()),
      created_at: withDefault(moment(), 'now()'),
      finished_at: orNull(moment()),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    unique: { outbox_key: '(key)' },
    index: {
      outbox_waiting: "(installation_id, due_at) WHERE (state = ANY (ARRAY['pending'::text, 'sending'::text]))",
    },
  },
  /** One writer per installation. */
  outbox_lane: {
    columns: {
      installation_id: int8(),
      lease_token: orNull(text()),
      lease_until: orNull(moment()),
      paused_until: orNull(moment()),
    },
    primaryKey: ['installation_id'],
    owner: 'installation_id',
  },
  check_run: {
    columns: {
      repository_id: int8(),
      sha: text(),
      name: text(),
      check_run_id: int8(),
      status: text<'queued' | 'in_progress' | 'completed'>(),
      conclusion: orNull(text()),
      digest: text(),
      updated_at: withDefault(moment(), 'now()'),
    },
    primaryKey: ['repository_id', 'sha', 'name'],
    owner: 'repository_id',
  },
  refusal: {
    columns: { repository_id: int8(), pull: int8(), login: text(), refused_at: withDefault(moment(), 'now()') },
    primaryKey: ['repository_id', 'pull', 'login'],
    owner: 'repository_id',
  },
  audit: {
    columns: {
      id: counted(),
      installation_id: int8(),
      repository_id: orNull(int8()),
      at: withDefault(moment(), 'now()'),
      action: text(),
      actor: text(),
      detail: document<Readonly<Record<string, unknown>>>(),
    },
    primaryKey: ['id'],
    owner: 'installation_id',
    index: { audit_installation: '(installation_id, id)' },
    appendOnly: true,
  },
  /** Puts the audit rows of an installation into one order, and seals each with the one before it. */
  audit_chain: {
    columns: { installation_id: int8(), seq: int8(), audit_id: int8(), hash: text() },
    primaryKey: ['installation_id', 'seq'],
    owner: 'installation_id',
    unique: { audit_chain_audit: '(audit_id)' },
    appendOnly: true,
  },
  /** Switches of the whole service: on while the row is there. */
  service_switch: {
    columns: { name: text<'applies-paused'>(), since: withDefault(moment(), 'now()') },
    primaryKey: ['name'],
    owner: 'none',
  },
  oidc_jti: {
    columns: { jti: text(), expires_at: moment() },
    primaryKey: ['jti'],
    owner: 'none',
    index: { oidc_jti_expiry: '(expires_at)' },
  },
} as const satisfies Readonly<Record<string, Table>>;

type TableName = keyof typeof TABLES;

/** What kysely checks queries against. */
export type Schema = { readonly [T in TableName]: RowOf<(typeof TABLES)[T]> };
