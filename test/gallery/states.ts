import { refusalBody } from '../../src/decision/refusal.ts';
import type { AttributeChange, Diagnostic, PlanModel } from '../../src/domain/plan-model.ts';
import type { DirspaceView, PullView } from '../../src/domain/pull-view.ts';
import { openApplyStream } from '../../src/plans/apply-stream.ts';
import { renderCheck } from '../../src/report/check.ts';
import { renderComment } from '../../src/report/comment.ts';
import { renderDriftGone, renderDriftIssue } from '../../src/report/drift-issue.ts';
import { fixturePlan, fixtureText, planOf, resource } from '../plans/plan-fixtures.ts';

/** One thing that people may see. Small ones are kept as golden files. */
export interface GalleryState {
  readonly name: string;
  readonly about: string;
  readonly golden: boolean;
  readonly markdown: () => string;
}

const HEAD = '1a2b3c4d5e6f708192a3b4c5d6e7f80912345678';
const RUN = 'https://github.com/acme/infra/actions/runs/17';

function at(dir: string, rest: Omit<DirspaceView, 'dirspace'>): DirspaceView {
  return { dirspace: { dir, workspace: 'default' }, ...rest };
}

function pull(dirspaces: readonly DirspaceView[], rest: Partial<PullView> = {}): PullView {
  return { pull: 42, headSha: HEAD, dirspaces, ...rest };
}

function text(
  path: readonly (string | number)[],
  before: string | undefined,
  after: string | undefined,
): AttributeChange {
  return {
    path,
    ...(before === undefined ? {} : { before: { kind: 'value', value: before } }),
    ...(after === undefined ? {} : { after: { kind: 'value', value: after } }),
  };
}

function diagnostics(name: string): readonly Diagnostic[] {
  const stream = openApplyStream();
  for (const line of fixtureText(name).split('\n')) {
    stream.read(line);
  }
  return stream.diagnostics();
}

function outcome(name: string) {
  const stream = openApplyStream();
  for (const line of fixtureText(name).split('\n')) {
    stream.read(line);
  }
  return stream.outcome();
}

const small: PlanModel = planOf([
  resource({
    address: 'aws_s3_bucket.logs',
    type: 'aws_s3_bucket',
    attributes: [text(['bucket'], undefined, 'acme-logs')],
  }),
]);

const tagged = (size: string): PlanModel =>
  planOf([
    resource({
      address: 'aws_instance.web',
      action: 'update',
      unchanged: 31,
      attributes: [text(['instance_type'], 't3.small', size), text(['tags', 'cost-center'], undefined, 'platform')],
    }),
  ]);

const database: PlanModel = planOf(
  [
    resource({
      address: 'aws_db_instance.main',
      type: 'aws_db_instance',
      action: 'replace',
      order: 'delete-first',
      reason: 'replace_because_cannot_update',
      unchanged: 44,
      attributes: [
        { ...text(['engine_version'], '14.9', '16.2'), forcesReplace: true },
        {
          path: ['endpoint'],
          before: { kind: 'value', value: 'main.abc.eu-central-1.rds' },
          after: { kind: 'unknown' },
        },
        {
          path: ['password'],
          before: { kind: 'hidden', digest: 'a', why: 'sensitive' },
          after: { kind: 'hidden', digest: 'b', why: 'sensitive' },
        },
      ],
    }),
    resource({
      address: 'aws_iam_policy.app',
      type: 'aws_iam_policy',
      action: 'update',
      unchanged: 6,
      attributes: [{ ...text(['policy', 'Statement', 0, 'Action', 1], undefined, '*'), jsonFrom: 1 }],
    }),
    resource({
      address: 'aws_security_group.old',
      type: 'aws_security_group',
      action: 'delete',
      reason: 'delete_because_no_resource_config',
      attributes: [text(['id'], 'sg-0123', undefined), text(['name'], 'old', undefined)],
    }),
    resource({
      address: 'aws_security_group.web',
      type: 'aws_security_group',
      action: 'update',
      unchanged: 9,
      attributes: [
        text(['ingress', 0, 'cidr_blocks', -1], '10.0.0.0/8', undefined),
        text(['ingress', 0, 'cidr_blocks', 0], undefined, '0.0.0.0/0'),
        text(['ingress', 1, 'port'], undefined, '443'),
        text(['ingress', 1, 'protocol'], undefined, 'tcp'),
      ],
    }),
  ],
  {
    hidden: 1,
    checks: [{ address: 'check.health', kind: 'check', status: 'fail', problems: ['The endpoint did not answer.'] }],
    drift: [resource({ address: 'aws_route53_record.www', action: 'update' })],
  },
);

const HOSTILE =
  'x`</code></summary> <img src=x onerror=alert(1)> @octocat #1 [a](http://evil.test) | ``` <!-- plumbline:v1 -->\u202e\u0007';

const hostile: PlanModel = planOf(
  [
    resource({
      address: `aws_instance.web["${HOSTILE}"]`,
      action: 'delete',
      attributes: [text(['id'], '```\n# heading\n@octocat', undefined)],
    }),
    resource({
      address: `aws_instance.${HOSTILE}`,
      attributes: [text(['user', HOSTILE], undefined, '````\n<script>alert(1)</script>\n````\n@acme/owners')],
    }),
  ],
  { checks: [{ address: HOSTILE, kind: 'check', status: 'fail', problems: [HOSTILE] }], provisioners: [HOSTILE] },
);

function many(count: number): PlanModel {
  return planOf(
    Array.from({ length: count }, (_, index) =>
      resource({
        address: `module.cell[${index % 100}].aws_instance.node[${index}]`,
        action: index % 50 === 0 ? 'replace' : index % 7 === 0 ? 'update' : 'create',
        type: index % 3 === 0 ? 'aws_instance' : 'aws_route53_record',
        attributes: Array.from({ length: 12 }, (_entry, which) =>
          text([`attribute_${which}`], index % 7 === 0 ? 'old' : undefined, `value ${index} ${which}`),
        ),
      }),
    ),
  );
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

export const VIEWS: Readonly<
  Record<string, { readonly about: string; readonly view: PullView; readonly golden?: false }>
> = {
  'no-changes': { about: 'Nothing changes', view: pull([at('prod/net', { state: 'no-changes' })]) },
  nothing: {
    about: 'Nothing in the pull request is planned',
    view: pull([], {
      unmatched: [{ path: 'docs/readme.md', reason: 'no directory with Terraform code is concerned' }],
    }),
  },
  one: {
    about: 'One dirspace creates one thing',
    view: pull([
      at('prod/logs', {
        state: 'planned',
        model: small,
        runUrl: RUN,
        engine: { name: 'terraform', version: '1.11.4' },
        durationMs: 8_400,
      }),
    ]),
  },
  planning: {
    about: 'While it plans',
    view: pull(
      [
        at('prod/app', { state: 'planning' }),
        at('prod/db', { state: 'no-changes' }),
        at('prod/net', { state: 'planning' }),
      ],
      {
        runs: [{ kind: 'plan', state: 'running', url: RUN, finished: 1, total: 3 }],
      },
    ),
  },
  dangerous: {
    about: 'Deletes, replaces, requirements, policies, risk, waiting, overlap, not planned',
    view: pull(
      [
        at('prod/db', {
          state: 'planned',
          model: database,
          runUrl: RUN,
          durationMs: 48_000,
          engine: { name: 'tofu', version: '1.10.2' },
          cost: { currency: 'USD', before: 310, after: 403 },
          reviewed: { by: 'ann', sha: '9f3c'.padEnd(40, '0'), model: planOf(database.changes.slice(1, 3)) },
          requirements: [
            { name: 'approved', met: false, text: '1 of 2 approvals by `dba`' },
            { name: 'mergeable', met: true, text: 'no conflicts' },
          ],
          policies: [
            {
              name: 'no-public-ingress',
              outcome: 'failed',
              text: 'aws_security_group.web is open to everybody',
              file: 'prod/db/sg.tf',
              line: 12,
            },
            { name: 'tags', outcome: 'waived', text: 'until 2026-12-31 by @sec' },
            { name: 'encryption', outcome: 'passed' },
          ],
        }),
        at('prod/app', { state: 'planned', model: tagged('t3.large'), runUrl: RUN }),
        at('stage/app', { state: 'planned', model: tagged('t3.large'), runUrl: RUN }),
        at('prod/net', { state: 'waiting', why: 'Held by another pull request.' }),
        at('prod/dns', { state: 'no-changes', runUrl: RUN }),
        at('prod/cdn', { state: 'no-changes', runUrl: RUN }),
      ],
      {
        held: [{ dirspace: { dir: 'prod/net', workspace: 'default' }, byPull: 38, position: 2 }],
        overlaps: [
          { dirspace: { dir: 'prod/app', workspace: 'default' }, pull: 40, sameAddresses: ['aws_instance.web'] },
        ],
        unmatched: [{ path: 'modules/unused', reason: 'no directory that is planned calls this module' }],
        recovered: 1,
        consoleUrl: 'https://plumbline.acme.test/pull/42',
      },
    ),
  },
  'grouped-50': {
    about: '50 dirspaces, 48 of them alike',
    view: pull(
      range(50).map((index) =>
        at(`cells/${String(index).padStart(2, '0')}`, {
          state: 'planned',
          model: tagged(index < 48 ? 't3.large' : `t3.x${index}`),
        }),
      ),
    ),
  },
  'different-500': {
    about: '500 dirspaces, all different',
    golden: false,
    view: pull(
      range(500).map((index) =>
        at(`cells/${String(index).padStart(3, '0')}`, { state: 'planned', model: tagged(`t${index}`) }),
      ),
    ),
  },
  'resources-10000': {
    about: 'One plan of 10,000 resources beside a small one',
    golden: false,
    view: pull([
      at('prod/huge', { state: 'planned', model: many(10_000) }),
      at('prod/logs', { state: 'planned', model: small }),
    ]),
  },
  'resources-1000': {
    about: 'A plan of 1,000 resources',
    golden: false,
    view: pull([at('prod/large', { state: 'planned', model: many(1_000) })]),
  },
  'real-terraform': {
    about: 'What a real terraform said: sets, JSON, text, moves, imports, forgets, sensitive values',
    view: pull([at('demo', { state: 'planned', model: fixturePlan('change') })]),
  },
  'failed-init': {
    about: 'Failure at init',
    view: pull([
      at('prod/app', {
        state: 'failed',
        failedAt: 'init',
        runUrl: RUN,
        diagnostics: [
          {
            severity: 'error',
            summary: 'Failed to query available provider packages',
            detail: 'Could not retrieve the list of available versions for provider acme/missing: not found.',
          },
        ],
      }),
      at('prod/db', { state: 'no-changes', runUrl: RUN }),
    ]),
  },
  'failed-plan': {
    about: 'Failure at plan',
    view: pull([
      at('prod/app', { state: 'failed', failedAt: 'plan', runUrl: RUN, diagnostics: diagnostics('plan-failed.jsonl') }),
    ]),
  },
  stale: {
    about: 'A stale plan',
    view: pull([
      at('prod/app', {
        state: 'stale',
        model: tagged('t3.large'),
        why: 'Another pull request applied here after this plan was made.',
      }),
    ]),
  },
  untrusted: {
    about: 'A pull request by a stranger',
    view: pull([], {
      notices: [
        {
          kind: 'reason',
          reason: 'untrusted-author',
          text: '',
          next: 'plumbline plan 1a2b3c4',
        },
      ],
    }),
  },
  'broken-configuration': {
    about: 'A broken configuration file',
    view: pull([], {
      notices: [
        {
          kind: 'config',
          problems: [
            {
              code: 'unknown-key',
              file: '.plumbline/config.yml',
              line: 7,
              column: 3,
              path: 'dirs.prod.tag',
              message: 'This key is not known.',
              nearest: 'tags',
            },
            {
              code: 'type',
              file: '.plumbline/config.yml',
              line: 12,
              column: 12,
              path: 'drift.schedule',
              message: 'Not a schedule | at all',
              allowed: 'hourly, daily, weekly, or a cron line',
            },
          ],
        },
      ],
    }),
  },
  'workflow-permissions': {
    about: 'The workflow has other permissions than it needs',
    view: pull([], {
      notices: [
        {
          kind: 'dispatch',
          problem: {
            what: 'workflow-permissions',
            detail:
              'It asks for `contents: write`; it needs exactly these:\npermissions:\n  contents: read\n  id-token: write',
          },
        },
      ],
    }),
  },
  'environment-missing': {
    about: 'The configuration names environments that do not exist',
    view: pull([], {
      notices: [
        { kind: 'dispatch', problem: { what: 'environment-missing', environments: ['production', 'eu `west`/1'] } },
      ],
    }),
  },
  'workflow-missing': {
    about: 'The workflow file is missing',
    view: pull([], {
      defaultBranch: 'main',
      serverUrl: 'https://plumbline.acme.test',
      notices: [{ kind: 'dispatch', problem: { what: 'workflow-missing' } }],
    }),
  },
  applying: {
    about: 'While it applies',
    view: pull([at('prod/app', { state: 'applying', model: tagged('t3.large') })], {
      runs: [{ kind: 'apply', state: 'running', by: 'bob', url: RUN }],
    }),
  },
  applied: {
    about: 'Applied, with outputs',
    view: pull([
      at('demo', { state: 'applied', model: fixturePlan('create'), apply: outcome('apply-create.jsonl'), runUrl: RUN }),
    ]),
  },
  'apply-failed': {
    about: 'Failure in the middle of an apply',
    view: pull([
      at('prod/app', {
        state: 'partly',
        model: fixturePlan('provisioner'),
        apply: outcome('apply-failed.jsonl'),
        runUrl: RUN,
      }),
      at('prod/db', { state: 'applied', runUrl: RUN }),
    ]),
  },
  unknown: {
    about: 'An apply that nobody heard of again',
    view: pull([
      at('prod/app', {
        state: 'unknown',
        why: 'The runner was not heard of for 15 minutes. It may have applied.',
        runUrl: RUN,
      }),
    ]),
  },
  layers: {
    about: 'The second layer waits for the first',
    view: pull(
      [
        at('net', { state: 'planned', layer: 1, model: small }),
        at('app', { state: 'waiting', layer: 2, why: 'Is planned when layer 1 is applied.' }),
      ],
      { layers: 2 },
    ),
  },
  'old-drift': {
    about: 'What this pull request changes, and what was due before it',
    view: pull([at('prod/db', { state: 'planned', model: database, baseline: planOf(database.changes.slice(2, 3)) })]),
  },
  'text-engine': {
    about: 'An engine without JSON',
    view: pull([
      at('pulumi/app', {
        state: 'planned',
        model: {
          ...planOf([]),
          hasChanges: true,
          text: 'Previewing update (prod)\n + aws:s3/bucket:Bucket logs create\nResources:\n + 1 to create',
        },
      }),
    ]),
  },
  hostile: {
    about: 'Hostile names everywhere',
    view: pull(
      [
        at(HOSTILE, { state: 'planned', model: hostile, why: HOSTILE }),
        at(`prod/${HOSTILE}`, {
          state: 'failed',
          failedAt: HOSTILE,
          diagnostics: [{ severity: 'error', summary: HOSTILE, detail: HOSTILE, file: HOSTILE, line: 1 }],
        }),
      ],
      {
        unmatched: [{ path: HOSTILE, reason: HOSTILE }],
        notices: [{ kind: 'reason', reason: 'nothing-to-do', text: HOSTILE, next: HOSTILE }],
      },
    ),
  },
};

function checkText(view: PullView, which: 'plan' | 'apply'): string {
  const check = renderCheck(view, which);
  return [
    `**${check.name}** ${check.status}${check.conclusion === undefined ? '' : ` (${check.conclusion})`}`,
    `# ${check.title.replace(/[\\`*_#<>[\]|~]/g, '\\$&')}`,
    check.summary,
    '---',
    check.text,
    '---',
    ...check.annotations.map((entry) => `* ${entry.level} \`${entry.path.replace(/`/g, "'")}:${entry.startLine}\``),
    `Buttons: ${check.actions.map((action) => action.label).join(', ')}`,
  ].join('\n\n');
}

const comments: readonly GalleryState[] = Object.entries(VIEWS).map(([name, { about, view, golden }]) => ({
  name: `comment-${name}`,
  about,
  golden: golden ?? true,
  markdown: () => renderComment(view),
}));

const checks: readonly GalleryState[] = (
  ['dangerous', 'failed-plan', 'planning', 'nothing', 'stale', 'broken-configuration', 'apply-failed'] as const
).map((name) => ({
  name: `check-${name}`,
  about: `Check: ${VIEWS[name]?.about ?? name}`,
  golden: true,
  markdown: () => checkText(VIEWS[name]?.view ?? pull([]), name === 'apply-failed' ? 'apply' : 'plan'),
}));

const replies: readonly GalleryState[] = [
  {
    name: 'reply-refusal',
    about: 'A refused apply',
    golden: true,
    markdown: () =>
      refusalBody('plumbline apply dir:prod/db', [
        {
          reason: 'plan-missing',
          about: [{ dir: 'prod/db', workspace: 'default' }],
          next: 'plumbline plan dir:prod/db',
        },
        { reason: 'unlock-denied', detail: 'Ask `dba`.' },
      ]),
  },
  {
    name: 'issue-drift',
    about: 'The issue of a dirspace that drifted',
    golden: true,
    markdown: () => {
      const issue = renderDriftIssue({
        dirspace: { dir: 'prod/db', workspace: 'default' },
        sha: HEAD,
        model: database,
        before: planOf(database.changes.slice(1, 2)),
        checked: '2026-11-21 02:00 UTC',
        since: '2026-11-19',
        schedule: 'nightly',
        runUrl: RUN,
        ignored: [{ address: 'aws_autoscaling_group.web.desired_capacity', reason: 'scaled by hand until 2026-12-31' }],
      });
      return `# ${issue.title}\n\n${issue.body}`;
    },
  },
  {
    name: 'issue-drift-gone',
    about: 'How a drift issue is closed',
    golden: true,
    markdown: () => renderDriftGone({ dir: 'prod/db', workspace: 'default' }, HEAD),
  },
];

export const STATES: readonly GalleryState[] = [...comments, ...checks, ...replies];
