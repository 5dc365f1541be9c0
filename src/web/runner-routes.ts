import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { stream } from 'hono/streaming';
import {
  BegunRequest,
  ClaimRequest,
  MAX_DISCOVERY_BYTES,
  MAX_PLAN_BYTES,
  MAX_REPORT_BYTES,
  type NextStep,
  PROTOCOL,
  SEAL_OVERHEAD_BYTES,
  type ShownPlan,
} from '../protocol/messages.ts';
import { parseDiscovery, parseReport } from '../protocol/report.ts';
import type { RunnerDesk, RunnerRun } from './runner-desk.ts';
import { planTooLarge, Refused, refusedAnswer } from './runner-refusal.ts';

export interface RunnerDeps {
  readonly desk: RunnerDesk;
}

const SMALL_BODY_BYTES = 64 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

type RunnerContext = Context<{ Variables: { run: RunnerRun } }>;

/**
 * What runners say. The claim is proved by GitHub's OIDC token; everything after it by the token of this run alone, which
 * reaches this run's routes and nothing else.
 */
export function runnerRoutes({ desk }: RunnerDeps): Hono<{ Variables: { run: RunnerRun } }> {
  const app = new Hono<{ Variables: { run: RunnerRun } }>();
  app.use('/runner/v1/*', async (c, next) => {
    try {
      await next();
    } finally {
      c.header('cache-control', 'no-store');
    }
  });
  app.onError((error, c) => {
    if (error instanceof Refused) {
      return c.json(refusedAnswer(error), error.status);
    }
    throw error;
  });

  app.post('/runner/v1/claim', limit(SMALL_BODY_BYTES), async (c) => {
    const token = bearerOf(c);
    const request = ClaimRequest.safeParse(await jsonOf(c));
    if (!request.success) {
      throw new Refused(422, 'bad-claim', 'The claim names no run.');
    }
    if (request.data.protocol !== PROTOCOL) {
      throw new Refused(
        426,
        'other-version',
        `This server speaks version ${PROTOCOL} of the runner protocol, the runner version ${request.data.protocol}. Pin the action to the server's version.`,
      );
    }
    return c.json(await desk.claim(request.data.run, token));
  });

  app.use('/runner/v1/runs/:run/*', async (c, next) => {
    const run = c.req.param('run');
    const token = bearerOf(c);
    if (!UUID.test(run)) {
      throw new Refused(404, 'unknown-run', 'There is no such run.');
    }
    c.set('run', await desk.authenticate(run, token));
    await next();
  });
  app.get('/runner/v1/runs/:run/manifest', async (c) => c.json<NextStep>(await desk.next(c.get('run'))));

  app.post('/runner/v1/runs/:run/discovery', limit(MAX_DISCOVERY_BYTES), async (c) => {
    const discovery = parseDiscovery(await jsonOf(c));
    if (!discovery.ok || discovery.value.run !== c.get('run').id) {
      throw new Refused(422, 'bad-discovery', problemsOf(discovery));
    }
    return c.json<NextStep>(await desk.discovered(c.get('run'), discovery.value));
  });

  app.post('/runner/v1/runs/:run/heartbeat', limit(SMALL_BODY_BYTES), async (c) =>
    c.json(await desk.heartbeat(c.get('run'))),
  );

  app.put('/runner/v1/runs/:run/plans/:plan', async (c) => {
    // Never gathered in memory: what says its length is refused by it, and the desk counts what comes without one.
    if (Number(c.req.header('content-length') ?? 0) > MAX_PLAN_BYTES + SEAL_OVERHEAD_BYTES) {
      throw planTooLarge();
    }
    const body = c.req.raw.body;
    if (body === null) {
      throw new Refused(422, 'empty-plan', 'The upload has no bytes.');
    }
    await desk.storePlan(c.get('run'), planOf(c), body);
    return c.body(null, 204);
  });
  app.get('/runner/v1/runs/:run/plans/:plan', async (c) => {
    const plan = await desk.fetchPlan(c.get('run'), planOf(c));
    c.header('content-type', 'application/octet-stream');
    c.header('content-length', `${plan.bytes}`);
    return stream(c, async (out) => {
      for await (const chunk of plan.chunks) {
        await out.write(chunk);
      }
    });
  });
  app.get('/runner/v1/runs/:run/plans/:plan/shown', async (c) =>
    c.json<ShownPlan>(await desk.shownPlan(c.get('run'), planOf(c))),
  );

  app.post('/runner/v1/runs/:run/begun', limit(SMALL_BODY_BYTES), async (c) => {
    const begun = BegunRequest.safeParse(await jsonOf(c));
    if (!begun.success) {
      throw new Refused(422, 'bad-begun', 'The indexes of the dirspaces that begin are needed.');
    }
    await desk.begun(c.get('run'));
    return c.body(null, 204);
  });

  app.post('/runner/v1/runs/:run/report', limit(MAX_REPORT_BYTES), async (c) => {
    const report = parseReport(await jsonOf(c));
    if (!report.ok || report.value.run !== c.get('run').id) {
      throw new Refused(422, 'bad-report', problemsOf(report));
    }
    await desk.report(c.get('run'), report.value);
    return c.body(null, 204);
  });
  return app;
}

function limit(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new Refused(413, 'too-large', `The body has at most ${maxSize} bytes.`);
    },
  });
}

function bearerOf(c: Context): string {
  const token = /^Bearer ([\w.~+/=-]{1,20000})$/.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) {
    throw new Refused(401, 'no-token', 'A bearer token is needed.');
  }
  return token;
}

async function jsonOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new Refused(400, 'not-json', 'The body is not JSON.');
  }
}

function planOf(c: RunnerContext): string {
  const plan = c.req.param('plan') ?? '';
  if (!UUID.test(plan)) {
    throw new Refused(404, 'unknown-plan', 'There is no such plan in this run.');
  }
  return plan;
}

function problemsOf(parsed: { readonly ok: boolean; readonly problems?: readonly string[] }): string {
  return parsed.problems?.join('; ') ?? 'The body is about another run.';
}
