import { createHash } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { storableText } from '../domain/storable-text.ts';
import type { Db, Tx } from './database.ts';
import type { Schema } from './tables.ts';
import { json, now } from './values.ts';

export interface AuditEntry {
  /** 0: it belongs to no installation, such as a claim by a stranger. */
  readonly installationId: number;
  readonly repositoryId: number | null;
  readonly action: string;
  /** Login, or what else acted. */
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Add a line to the audit. It cannot be changed afterwards. */
export async function appendAudit(db: Db | Tx, entry: AuditEntry): Promise<void> {
  await db
    .insertInto('audit')
    .values({
      installation_id: entry.installationId,
      repository_id: entry.repositoryId,
      at: now(),
      action: storableText(entry.action),
      actor: storableText(entry.actor),
      detail: json(entry.detail),
    })
    .execute();
}

/** Seal the lines that are not yet in their installation's chain, at most `limit`. Returns how many were. Several processes may call it. */
export async function sequenceAudit(db: Db, limit = 500): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('plumbline audit'))`.execute(tx);
    const waiting = await tx
      .selectFrom('audit')
      .selectAll('audit')
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('audit_chain').select('seq').whereRef('audit_chain.audit_id', '=', 'audit.id'))),
      )
      .orderBy('id')
      .limit(limit)
      .execute();
    const heads = new Map<number, { seq: number; hash: string }>();
    for (const line of waiting) {
      const head = heads.get(line.installation_id) ?? (await readHead(tx, line.installation_id));
      const next = { seq: head.seq + 1, hash: hashOf(head.hash, line) };
      await tx
        .insertInto('audit_chain')
        .values({ installation_id: line.installation_id, audit_id: line.id, ...next })
        .execute();
      heads.set(line.installation_id, next);
    }
    return waiting.length;
  });
}

export type AuditVerdict =
  | { readonly intact: true; readonly lines: number; readonly unsealed: number; readonly head: string }
  | { readonly intact: false; readonly seq: number; readonly problem: 'missing' | 'changed' | 'gap' };

/** Recompute an installation's chain. Lines that are not yet sealed are counted. An end that was cut off shows only against a head that somebody kept. */
export async function verifyAudit(db: Db, installationId: number): Promise<AuditVerdict> {
  let hash = '';
  let seq = 0;
  for (;;) {
    const links = await db
      .selectFrom('audit_chain')
      .leftJoin('audit', 'audit.id', 'audit_chain.audit_id')
      .selectAll('audit')
      .select(['audit_chain.seq', 'audit_chain.hash'])
      .where('audit_chain.installation_id', '=', installationId)
      .where('audit_chain.seq', '>', seq)
      .orderBy('audit_chain.seq')
      .limit(1_000)
      .execute();
    if (links.length === 0) {
      break;
    }
    for (const link of links) {
      if (link.seq !== seq + 1) {
        return { intact: false, seq: seq + 1, problem: 'gap' };
      }
      const { id, installation_id, at, action, actor, detail, repository_id } = link;
      if (
        id === null ||
        installation_id === null ||
        at === null ||
        action === null ||
        actor === null ||
        detail === null
      ) {
        return { intact: false, seq: link.seq, problem: 'missing' };
      }
      hash = hashOf(hash, { id, installation_id, repository_id, at, action, actor, detail });
      if (hash !== link.hash) {
        return { intact: false, seq: link.seq, problem: 'changed' };
      }
      seq = link.seq;
    }
  }
  const all = await db
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<number>().as('lines'))
    .where('installation_id', '=', installationId)
    .executeTakeFirstOrThrow();
  return { intact: true, lines: seq, unsealed: all.lines - seq, head: hash };
}

/** Every installation of which there is an audit, and 0 when there are lines that belong to none. */
export async function listAudited(db: Db): Promise<readonly number[]> {
  // Both tables: a chain whose lines were all removed must be found, too.
  const rows = await sql<{ id: number }>`
    select installation_id as id from audit union select installation_id from audit_chain order by id`.execute(db);
  return rows.rows.map(({ id }) => id);
}

async function readHead(tx: Tx, installationId: number): Promise<{ seq: number; hash: string }> {
  const head = await tx
    .selectFrom('audit_chain')
    .select(['seq', 'hash'])
    .where('installation_id', '=', installationId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return head ?? { seq: 0, hash: '' };
}

function hashOf(before: string, line: Selectable<Schema['audit']>): string {
  const content = [
    before,
    line.id,
    line.installation_id,
    line.repository_id,
    line.at,
    line.action,
    line.actor,
    sorted(line.detail),
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** The database keeps the members of a JSON object in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, part]) => [key, sorted(part)]),
    );
  }
  return value;
}
