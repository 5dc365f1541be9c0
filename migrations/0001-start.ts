import { type Kysely, sql } from 'kysely';

/** The first tables, as they were defined then; nothing here follows later changes of the code. */
const STATEMENTS: readonly string[] = [
  `
    CREATE TABLE installation (
      id int8 NOT NULL,
      account_id int8 NOT NULL,
      account_login text NOT NULL,
      account_type text NOT NULL,
      state text NOT NULL,
      paused boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE TABLE installation_key (
      installation_id int8 NOT NULL,
      wrapped text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (installation_id)
    )
  `,
  `
    CREATE TABLE uninstall_receipt (
      installation_id int8 NOT NULL,
      uninstalled_at timestamptz NOT NULL DEFAULT now(),
      removed jsonb NOT NULL,
      PRIMARY KEY (installation_id)
    )
  `,
  `
    CREATE TABLE repository (
      id int8 NOT NULL,
      installation_id int8 NOT NULL,
      owner text NOT NULL,
      name text NOT NULL,
      owner_id int8,
      default_branch text,
      archived boolean NOT NULL DEFAULT false,
      paused boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE INDEX repository_installation ON repository (installation_id)
  `,
  `
    CREATE TABLE pull_request (
      repository_id int8 NOT NULL,
      number int8 NOT NULL,
      state text NOT NULL,
      draft boolean NOT NULL,
      title text NOT NULL,
      author_id int8 NOT NULL,
      author_login text NOT NULL,
      head_sha text NOT NULL,
      head_ref text NOT NULL,
      head_repository_id int8,
      base_sha text NOT NULL,
      base_ref text NOT NULL,
      merged_at timestamptz,
      merge_commit_sha text,
      labels jsonb NOT NULL,
      change jsonb,
      notices jsonb NOT NULL DEFAULT '[]'::jsonb,
      display jsonb,
      reviewed jsonb,
      comment_id int8,
      comment_node_id text,
      comment_revision int4 NOT NULL DEFAULT 0,
      comment_shows text,
      first_applied_at timestamptz,
      unlocked_at timestamptz,
      observed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (repository_id, number)
    )
  `,
  `
    CREATE INDEX pull_request_open ON pull_request (repository_id, base_ref) WHERE (state = 'open'::text)
  `,
  `
    CREATE TABLE subject (
      name text NOT NULL,
      installation_id int8 NOT NULL,
      next_seq int8 NOT NULL,
      due_at timestamptz,
      lease_token text,
      PRIMARY KEY (name)
    )
  `,
  `
    CREATE INDEX subject_due ON subject (due_at) WHERE (due_at IS NOT NULL)
  `,
  `
    CREATE TABLE inbox_event (
      id int8 GENERATED ALWAYS AS IDENTITY,
      key text NOT NULL,
      installation_id int8 NOT NULL,
      subject text,
      seq int8,
      name text NOT NULL,
      event jsonb,
      state text NOT NULL,
      reason text,
      attempts int4 NOT NULL DEFAULT 0,
      last_error text,
      received_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE UNIQUE INDEX inbox_event_key ON inbox_event (key)
  `,
  `
    CREATE INDEX inbox_event_pending ON inbox_event (subject, seq) WHERE (state = 'pending'::text)
  `,
  `
    CREATE INDEX inbox_event_finished ON inbox_event (finished_at) WHERE (finished_at IS NOT NULL)
  `,
  `
    CREATE TABLE timer (
      key text NOT NULL,
      installation_id int8 NOT NULL,
      due_at timestamptz NOT NULL,
      event jsonb NOT NULL,
      PRIMARY KEY (key)
    )
  `,
  `
    CREATE INDEX timer_due ON timer (due_at)
  `,
  `
    CREATE TABLE decision (
      id int8 GENERATED ALWAYS AS IDENTITY,
      installation_id int8 NOT NULL,
      repository_id int8,
      pull int8,
      subject text NOT NULL,
      event_key text NOT NULL,
      event_kind text NOT NULL,
      reason text NOT NULL,
      trace jsonb NOT NULL,
      intents jsonb NOT NULL,
      decided_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE INDEX decision_pull ON decision (repository_id, pull, id)
  `,
  `
    CREATE TABLE dirspace (
      repository_id int8 NOT NULL,
      dir text NOT NULL,
      workspace text NOT NULL,
      PRIMARY KEY (repository_id, dir, workspace)
    )
  `,
  `
    CREATE TABLE run (
      id text NOT NULL,
      installation_id int8 NOT NULL,
      repository_id int8 NOT NULL,
      pull int8 NOT NULL,
      kind text NOT NULL,
      state text NOT NULL,
      head_sha text NOT NULL,
      base_sha text NOT NULL,
      base_ref text NOT NULL,
      environment text,
      runs_on text,
      flags jsonb NOT NULL,
      requested_by_id int8 NOT NULL,
      requested_by_login text NOT NULL,
      requested_at timestamptz NOT NULL,
      autoapprove boolean NOT NULL,
      force boolean NOT NULL,
      discovery_order jsonb,
      parallel int4 NOT NULL,
      config_digest text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      dispatched_at timestamptz,
      claimed_at timestamptz,
      heartbeat_at timestamptz,
      begun_at timestamptz,
      reported_at timestamptz,
      ended_at timestamptz,
      end_reason text,
      github_run_id int8,
      github_status text,
      token_hash text,
      manifest text NOT NULL DEFAULT 'withheld'::text,
      manifest_reason text,
      manifest_text text,
      cancel boolean NOT NULL DEFAULT false,
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE UNIQUE INDEX run_token ON run (token_hash)
  `,
  `
    CREATE UNIQUE INDEX run_github ON run (repository_id, github_run_id)
  `,
  `
    CREATE INDEX run_pull ON run (repository_id, pull, created_at)
  `,
  `
    CREATE INDEX run_active ON run (created_at) WHERE (ended_at IS NULL)
  `,
  `
    CREATE TABLE run_target (
      run_id text NOT NULL,
      position int4 NOT NULL,
      repository_id int8 NOT NULL,
      pull int8 NOT NULL,
      kind text NOT NULL,
      dir text NOT NULL,
      workspace text NOT NULL,
      plan_id text NOT NULL,
      settings jsonb NOT NULL,
      active boolean NOT NULL,
      PRIMARY KEY (run_id, position)
    )
  `,
  `
    CREATE UNIQUE INDEX run_target_one_apply ON run_target (repository_id, dir, workspace) WHERE (active AND (kind = 'apply'::text))
  `,
  `
    CREATE UNIQUE INDEX run_target_one_run ON run_target (repository_id, pull, dir, workspace, kind) WHERE active
  `,
  `
    CREATE TABLE run_report (
      run_id text NOT NULL,
      repository_id int8 NOT NULL,
      tree_sha text,
      problem jsonb,
      outcomes jsonb NOT NULL,
      details jsonb,
      received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (run_id)
    )
  `,
  `
    CREATE TABLE dirspace_result (
      id int8 GENERATED ALWAYS AS IDENTITY,
      run_id text NOT NULL,
      position int4 NOT NULL,
      repository_id int8 NOT NULL,
      pull int8 NOT NULL,
      kind text NOT NULL,
      dir text NOT NULL,
      workspace text NOT NULL,
      state text NOT NULL,
      head_sha text NOT NULL,
      base_sha text NOT NULL,
      digest text,
      plan_id text,
      addresses jsonb NOT NULL,
      counts jsonb,
      risk_points float8,
      serial int8,
      model jsonb,
      outcome jsonb,
      diagnostics jsonb NOT NULL,
      failed_at text,
      engine jsonb,
      duration_ms int8,
      ended_at timestamptz NOT NULL DEFAULT now(),
      newest boolean NOT NULL,
      superseded boolean NOT NULL,
      steps jsonb,
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE UNIQUE INDEX dirspace_result_newest ON dirspace_result (repository_id, pull, dir, workspace) WHERE newest
  `,
  `
    CREATE INDEX dirspace_result_run ON dirspace_result (run_id)
  `,
  `
    CREATE INDEX dirspace_result_plan ON dirspace_result (plan_id)
  `,
  `
    CREATE TABLE discovery (
      run_id text NOT NULL,
      repository_id int8 NOT NULL,
      tree_sha text NOT NULL,
      found jsonb NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (run_id)
    )
  `,
  `
    CREATE INDEX discovery_pull ON discovery (repository_id, received_at)
  `,
  `
    CREATE TABLE plan (
      id text NOT NULL,
      installation_id int8 NOT NULL,
      repository_id int8 NOT NULL,
      run_id text NOT NULL,
      pull int8 NOT NULL,
      dir text NOT NULL,
      workspace text NOT NULL,
      state text NOT NULL,
      erased_because text,
      digest text,
      facts jsonb,
      upload text,
      stored_bytes int8,
      stored_sha256 text,
      created_at timestamptz NOT NULL DEFAULT now(),
      stored_at timestamptz,
      published_at timestamptz,
      expires_at timestamptz NOT NULL,
      erased_at timestamptz,
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE INDEX plan_pull ON plan (repository_id, pull)
  `,
  `
    CREATE INDEX plan_run ON plan (run_id)
  `,
  `
    CREATE INDEX plan_expiry ON plan (expires_at) WHERE (state <> 'erased'::text)
  `,
  `
    CREATE TABLE plan_key (
      plan_id text NOT NULL,
      wrapped text NOT NULL,
      PRIMARY KEY (plan_id)
    )
  `,
  `
    CREATE TABLE plan_chunk (
      plan_id text NOT NULL,
      upload text NOT NULL,
      seq int4 NOT NULL,
      bytes bytea NOT NULL,
      PRIMARY KEY (plan_id, upload, seq)
    )
  `,
  `
    CREATE TABLE lock_claim (
      repository_id int8 NOT NULL,
      dir text NOT NULL,
      workspace text NOT NULL,
      pull int8 NOT NULL,
      base_ref text NOT NULL,
      merged_at timestamptz,
      applied_at timestamptz,
      claimed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (repository_id, dir, workspace, pull)
    )
  `,
  `
    CREATE TABLE requested_gate (
      repository_id int8 NOT NULL,
      pull int8 NOT NULL,
      dir text NOT NULL,
      workspace text NOT NULL,
      position int4 NOT NULL,
      head_sha text NOT NULL,
      plan_id text NOT NULL,
      policy text,
      gate jsonb NOT NULL,
      PRIMARY KEY (repository_id, pull, dir, workspace, position)
    )
  `,
  `
    CREATE TABLE gate_approval (
      repository_id int8 NOT NULL,
      pull int8 NOT NULL,
      head_sha text NOT NULL,
      token text NOT NULL,
      by_id int8 NOT NULL,
      by_login text NOT NULL,
      approved_at timestamptz NOT NULL,
      PRIMARY KEY (repository_id, pull, head_sha, token, by_id)
    )
  `,
  `
    CREATE TABLE outbox (
      id int8 GENERATED ALWAYS AS IDENTITY,
      installation_id int8 NOT NULL,
      repository_id int8 NOT NULL,
      target text NOT NULL,
      shape text NOT NULL,
      key text NOT NULL,
      intent jsonb NOT NULL,
      version int4 NOT NULL DEFAULT 1,
      state text NOT NULL,
      attempts int4 NOT NULL DEFAULT 0,
      due_at timestamptz NOT NULL DEFAULT now(),
      decision_id int8,
      last_error text,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE UNIQUE INDEX outbox_key ON outbox (key)
  `,
  `
    CREATE INDEX outbox_waiting ON outbox (installation_id, due_at) WHERE (state = ANY (ARRAY['pending'::text, 'sending'::text]))
  `,
  `
    CREATE TABLE outbox_lane (
      installation_id int8 NOT NULL,
      lease_token text,
      lease_until timestamptz,
      paused_until timestamptz,
      PRIMARY KEY (installation_id)
    )
  `,
  `
    CREATE TABLE check_run (
      repository_id int8 NOT NULL,
      sha text NOT NULL,
      name text NOT NULL,
      check_run_id int8 NOT NULL,
      status text NOT NULL,
      conclusion text,
      digest text NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (repository_id, sha, name)
    )
  `,
  `
    CREATE TABLE refusal (
      repository_id int8 NOT NULL,
      pull int8 NOT NULL,
      login text NOT NULL,
      refused_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (repository_id, pull, login)
    )
  `,
  `
    CREATE TABLE audit (
      id int8 GENERATED ALWAYS AS IDENTITY,
      installation_id int8 NOT NULL,
      repository_id int8,
      at timestamptz NOT NULL DEFAULT now(),
      action text NOT NULL,
      actor text NOT NULL,
      detail jsonb NOT NULL,
      PRIMARY KEY (id)
    )
  `,
  `
    CREATE INDEX audit_installation ON audit (installation_id, id)
  `,
  `
    CREATE TABLE audit_chain (
      installation_id int8 NOT NULL,
      seq int8 NOT NULL,
      audit_id int8 NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (installation_id, seq)
    )
  `,
  `
    CREATE UNIQUE INDEX audit_chain_audit ON audit_chain (audit_id)
  `,
  `
    CREATE TABLE oidc_jti (
      jti text NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (jti)
    )
  `,
  `
    CREATE INDEX oidc_jti_expiry ON oidc_jti (expires_at)
  `,
  `
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('plumbline.erasing', true) = 'on' AND TG_OP <> 'UPDATE' THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'the rows of % are never changed', TG_TABLE_NAME USING ERRCODE = '55000';
    END
    $$
  `,
  `
    CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change()
  `,
  `
    CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
  `,
  `
    CREATE TRIGGER audit_chain_is_append_only BEFORE UPDATE OR DELETE ON audit_chain FOR EACH ROW EXECUTE FUNCTION refuse_change()
  `,
  `
    CREATE TRIGGER audit_chain_is_not_emptied BEFORE TRUNCATE ON audit_chain FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
  `,
];

/** Builds the tables, and the guard that keeps the audit rows as they were written. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) {
    await sql.raw(statement).execute(db);
  }
}
