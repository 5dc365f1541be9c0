import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { outcomeOf, type TargetOutcome } from '../../action/src/target-outcome.ts';
import type { PlanFacts } from '../../src/domain/run.ts';
import { EMPTY_PLAN } from '../../src/plans/read-plan.ts';
import { type Manifest, type ManifestTarget, NextStep, PROTOCOL, ShownPlan } from '../../src/protocol/messages.ts';
import { mergedTree } from '../world/git-store.ts';
import type { Claims } from '../world/oidc-issuer.ts';
import type { WorkflowRun } from '../world/workflow-run.ts';
import { repositoryById } from '../world/world-state.ts';
import { type Stage, waitForRows } from './stage.ts';

const PATIENCE_MS = 30_000;
const ASK_AGAIN_MS = 100;

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: unknown;
}

type Ending = Parameters<typeof outcomeOf>[2];

/** A runner played by a test: it proves who it is with tokens of the world's issuer and then says whatever the test wants. */
export class HandRunner {
  readonly stage: Stage;
  readonly actions: WorkflowRun;
  /** Our id of the run. */
  readonly id: string;
  /** The run's own token, once claimed. */
  token = '';

  constructor(stage: Stage, actions: WorkflowRun) {
    this.stage = stage;
    this.actions = actions;
    this.id = actions.inputs['run-id'] ?? '';
  }

  idToken(claims: Claims = {}, options: Parameters<Stage['world']['forgeToken']>[3] = {}): Promise<string> {
    return this.stage.world.forgeToken(this.actions.id, this.stage.service.url, claims, options);
  }

  /** Like the real runner it asks again when the service cannot be reached or has a fault of its own. */
  async call(method: string, path: string, body?: unknown, token = this.token): Promise<Answer> {
    const content = body instanceof Uint8Array ? new Blob([new Uint8Array(body)]) : JSON.stringify(body);
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const response = await fetch(`${this.stage.service.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: content }),
      }).catch(() => undefined);
      const text = await response?.text().catch(() => undefined);
      if (response !== undefined && text !== undefined && response.status < 500) {
        const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : text;
        return { status: response.status, code: codeIn(parsed), body: parsed };
      }
      if (Date.now() > until) {
        throw new Error(`${method} ${path} got no answer`);
      }
      await delay(ASK_AGAIN_MS);
    }
  }

  /** A route of this run. */
  route(method: string, path: string, body?: unknown, token = this.token): Promise<Answer> {
    return this.call(method, `/runner/v1/runs/${this.id}/${path}`, body, token);
  }

  claimWith(idToken: string, id = this.id): Promise<Answer> {
    return this.call('POST', '/runner/v1/claim', { protocol: PROTOCOL, run: id }, idToken);
  }

  /** Begin the job and claim the run; answers what the service says is next. */
  async claim(): Promise<NextStep> {
    if (this.actions.status === 'queued') {
      this.stage.world.startRun(this.actions);
    }
    let answer = await this.claimWith(await this.idToken());
    if (answer.code === 'token-replayed') {
      // The first try got through, and its answer did not.
      answer = await this.claimWith(await this.idToken());
    }
    const step = NextStep.parse(answer.body);
    this.token = step.token ?? this.token;
    return step;
  }

  /** Claim if nobody did, tell what there is to discover (nothing), and wait until the service has decided: the manifest, or why there is none. */
  async take(): Promise<Exclude<NextStep, { next: 'wait' | 'discover' }>> {
    let step = this.token === '' ? await this.claim() : await this.next();
    for (;;) {
      switch (step.next) {
        case 'manifest':
        case 'stop':
          return step;
        case 'discover': {
          const treeSha = await this.treeOf(step);
          const index = { paths: {}, symlinks: [] };
          step = NextStep.parse(
            (await this.route('POST', 'discovery', { protocol: PROTOCOL, run: this.id, treeSha, index })).body,
          );
          break;
        }
        case 'wait':
          await this.#decided();
          step = await this.next();
      }
    }
  }

  async next(): Promise<NextStep> {
    return NextStep.parse((await this.route('GET', 'manifest')).body);
  }

  async #decided(): Promise<void> {
    await waitForRows(
      this.stage,
      async (db) => {
        const row = await db.selectFrom('run').select('manifest').where('id', '=', this.id).executeTakeFirst();
        return row?.manifest !== 'withheld';
      },
      'a decided claim',
    );
  }

  /** The tree of the merge that is planned. */
  async treeOf({ baseSha, headSha }: { readonly baseSha: string; readonly headSha: string }): Promise<string> {
    const { gitDir } = repositoryById(this.stage.world.state, this.actions.repositoryId);
    return (await mergedTree(gitDir, baseSha, headSha)) ?? '';
  }

  async manifest(): Promise<Manifest> {
    const step = await this.take();
    if (step.next !== 'manifest') {
      throw new Error(`the service gave no manifest: ${step.code} ${step.message}`);
    }
    return step.manifest;
  }

  report(manifest: Manifest, outcomes: readonly TargetOutcome[], treeSha: string | null = null): Promise<Answer> {
    return this.route('POST', 'report', { protocol: PROTOCOL, run: manifest.run, treeSha, problem: null, outcomes });
  }

  /** Do a whole plan run: one resource is created in each dirspace, or how `ending` says that it ended. */
  async plan(ending: (target: ManifestTarget) => Ending | undefined = () => undefined): Promise<Manifest> {
    const manifest = await this.manifest();
    await this.sendPlans(manifest, ending);
    return manifest;
  }

  /** The second half of `plan`: uploads and report. */
  async sendPlans(manifest: Manifest, ending: (target: ManifestTarget) => Ending | undefined = () => undefined) {
    const treeSha = await this.treeOf(manifest);
    const outcomes: TargetOutcome[] = [];
    for (const target of manifest.targets) {
      const other = ending(target);
      if (other === undefined) {
        must(await this.route('PUT', `plans/${target.seal?.planId}`, randomBytes(2_000)), 204);
      }
      outcomes.push(outcomeOf(target.index, 5, other ?? planned(manifest, target, treeSha)));
    }
    reported(await this.report(manifest, outcomes, treeSha));
    this.finish();
  }

  /** Do a whole apply run. */
  async apply(): Promise<Manifest> {
    const manifest = await this.manifest();
    for (const { plan } of manifest.targets) {
      must(await this.route('GET', `plans/${plan?.planId}`), 200);
      ShownPlan.parse((await this.route('GET', `plans/${plan?.planId}/shown`)).body);
    }
    must(await this.route('POST', 'begun', { indexes: manifest.targets.map(({ index }) => index) }), 204);
    const done = { address: 'terraform_data.this', action: 'create', outcome: 'done' } as const;
    const outcomes = manifest.targets.map(({ index }) =>
      outcomeOf(index, 5, { state: 'applied', phase: 'done', resources: [done], serial: 2, lineage: 'a-lineage' }),
    );
    reported(await this.report(manifest, outcomes));
    this.finish();
    return manifest;
  }

  finish(): void {
    this.stage.world.finishRun(this.actions, 'success');
  }
}

/** The runs that GitHub starts for us, one after the other. */
export class Hands {
  readonly #stage: Stage;
  readonly #taken = new Set<number>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async next(): Promise<HandRunner> {
    const run = await this.#stage.world.waitFor(
      (world) => world.runs.find(({ id, status }) => status === 'queued' && !this.#taken.has(id)),
      'the next run',
      60_000,
    );
    this.#taken.add(run.id);
    return new HandRunner(this.#stage, run);
  }
}

export function must(answer: Answer, status: number): void {
  if (answer.status !== status) {
    throw new Error(`${status} was expected, not ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

/** A run that has reported before is over: the first answer was lost on its way. */
function reported(answer: Answer): void {
  if (answer.status !== 409) {
    must(answer, 204);
  }
}

function planned(manifest: Manifest, target: ManifestTarget, treeSha: string): Ending {
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  const facts: PlanFacts = {
    headSha: manifest.headSha,
    baseSha: manifest.baseSha,
    treeSha,
    backendFingerprint: 'local',
    tool: target.engine,
    toolVersion: '1.9.0',
    toolSha256: sha('tool'),
    lockFileSha256: '',
    flags: [...manifest.flags],
    configDigest: manifest.configDigest,
    planSha256: sha(`${manifest.run} ${target.index}`),
    planBytes: 1_960,
    digest: sha(`${target.dir} ${manifest.headSha}`),
    lineage: 'a-lineage',
    serial: 1,
  };
  const change = {
    address: 'terraform_data.this',
    mode: 'managed',
    type: 'terraform_data',
    name: 'this',
    provider: 'terraform.io/builtin/terraform',
    action: 'create',
    unchanged: 0,
    attributes: [],
  } as const;
  const model = { ...EMPTY_PLAN, hasChanges: true, counts: { ...EMPTY_PLAN.counts, create: 1 }, changes: [change] };
  return { state: 'planned', phase: 'done', planStored: true, model, facts };
}

function codeIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) {
    return undefined;
  }
  const { error } = body;
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
