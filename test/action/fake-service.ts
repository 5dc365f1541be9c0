import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { reportedModel } from '../../src/plans/reported-model.ts';
import { BegunRequest, type NextStep, reportShare, type ShownPlan } from '../../src/protocol/messages.ts';
import { parseReport, type Report } from '../../src/protocol/report.ts';

/** The backend's runner API, as far as a runner sees it, on loopback; and the id token endpoint of Actions beside it. */
export interface FakeService extends AsyncDisposable {
  readonly url: string;
  readonly idTokenUrl: string;
  /** What a claim, `wait` or discovery is answered with, in this order; the last one stays. */
  steps: NextStep[];
  readonly asked: string[];
  readonly headers: Record<string, string>[];
  readonly reports: Report[];
  /** Every body as it came in, for tests that look for secrets. */
  readonly bodies: string[];
  readonly problems: string[];
  readonly plans: Map<string, Buffer>;
  /** What was shown of each plan: filled in by reports, as the service does it. */
  readonly shown: Map<string, ShownPlan>;
  readonly begun: number[];
  cancel: boolean;
  /** Statuses to answer with instead, by `METHOD path-end`, used up one by one. */
  readonly faults: Map<string, number[]>;
  onAsk: (call: string) => void;
}

export async function startFakeService(run: string): Promise<FakeService> {
  const app = new Hono();
  const service = {
    steps: [] as NextStep[],
    asked: [] as string[],
    headers: [] as Record<string, string>[],
    reports: [] as Report[],
    bodies: [] as string[],
    problems: [] as string[],
    plans: new Map<string, Buffer>(),
    shown: new Map<string, ShownPlan>(),
    begun: [] as number[],
    cancel: false,
    faults: new Map<string, number[]>(),
    onAsk: (_call: string): void => undefined,
  };
  const keepShown = (report: Report) => {
    const [step] = service.steps;
    const targets = step?.next === 'manifest' ? step.manifest.targets : [];
    for (const { index, model, gates } of report.outcomes) {
      const planId = targets.find((target) => target.index === index)?.seal?.planId;
      if (planId !== undefined && model !== null) {
        const { modelBytes } = reportShare(report.outcomes.length);
        service.shown.set(planId, { model: reportedModel(model), modelBytes, gates: gates ?? [] });
      }
    }
  };
  const take = () => (service.steps.length > 1 ? service.steps.shift() : service.steps[0]);
  app.use(async (c, next) => {
    const call = `${c.req.method} ${c.req.path.replace(`/runner/v1/runs/${run}`, '').replace('/runner/v1', '')}`;
    service.asked.push(call);
    service.headers.push(c.req.header());
    service.onAsk(call);
    const fault = service.faults.get(call)?.shift();
    if (fault !== undefined) {
      return Response.json({ error: { code: 'on-order', message: `status ${fault} on order` } }, { status: fault });
    }
    if (
      call !== 'GET /id-token' &&
      c.req.header('authorization') !== `Bearer ${call === 'POST /claim' ? 'id-token' : 'run-token'}`
    ) {
      return c.json({ error: { code: 'token', message: 'wrong token' } }, 401);
    }
    await next();
    return undefined;
  });
  app.get('/id-token', (c) =>
    c.json({ value: c.req.query('audience') === service_url() ? 'id-token' : 'wrong-audience' }),
  );
  app.post('/runner/v1/claim', (c) => c.json({ ...take(), token: 'run-token' }));
  app.get('/runner/v1/runs/:run/manifest', (c) => c.json(take()));
  app.post('/runner/v1/runs/:run/discovery', async (c) => {
    service.bodies.push(await c.req.text());
    return c.json(take());
  });
  app.post('/runner/v1/runs/:run/heartbeat', (c) => c.json({ cancel: service.cancel }));
  app.post('/runner/v1/runs/:run/begun', async (c) => {
    const { indexes } = BegunRequest.parse(await c.req.json());
    service.begun.push(...indexes);
    // As the service does it: with the first dirspace that begins, all plans of the run are gone.
    service.plans.clear();
    return c.json({});
  });
  app.post('/runner/v1/runs/:run/report', async (c) => {
    const text = await c.req.text();
    service.bodies.push(text);
    const parsed = parseReport(JSON.parse(text));
    if (parsed.ok) {
      service.reports.push(parsed.value);
      keepShown(parsed.value);
      return c.json({});
    }
    service.problems.push(...parsed.problems);
    return c.json({ error: { code: 'bad-report', message: parsed.problems.join('; ') } }, 422);
  });
  app.put('/runner/v1/runs/:run/plans/:plan', async (c) => {
    const length = c.req.header('content-length');
    if (length === undefined) {
      return c.json({ error: { code: 'length', message: 'content-length is missing' } }, 411);
    }
    service.plans.set(c.req.param('plan'), Buffer.from(await c.req.arrayBuffer()));
    return c.json({});
  });
  app.get('/runner/v1/runs/:run/plans/:plan/shown', (c) => {
    const shown = service.shown.get(c.req.param('plan'));
    return shown === undefined ? c.json({ error: { code: 'gone', message: 'nothing was shown' } }, 404) : c.json(shown);
  });
  app.get('/runner/v1/runs/:run/plans/:plan', (c) => {
    const plan = service.plans.get(c.req.param('plan'));
    return plan === undefined
      ? c.json({ error: { code: 'gone', message: 'no such plan' } }, 404)
      : c.body(new Uint8Array(plan));
  });
  const listening = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) => listening.resolve(info.port));
  const port = await listening.promise;
  const url = `http://127.0.0.1:${port}`;
  function service_url(): string {
    return url;
  }
  return Object.assign(service, {
    url,
    idTokenUrl: `${url}/id-token?v=1`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      if ('closeAllConnections' in server) {
        server.closeAllConnections();
      }
      await closed.promise;
    },
  });
}
