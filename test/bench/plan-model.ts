import { createHmac } from 'node:crypto';
import type { PlanModel } from '../../src/domain/plan-model.ts';
import type { PullView } from '../../src/domain/pull-view.ts';
import { capPlan } from '../../src/plans/cap-plan.ts';
import { canonicalText } from '../../src/plans/plan-digest.ts';
import { readPlan } from '../../src/plans/read-plan.ts';
import { renderCheck } from '../../src/report/check.ts';
import { MAX_COMMENT, renderComment } from '../../src/report/comment.ts';
import { type BenchTable, best, type Progress, round, timed } from './bench-table.ts';

const MEGABYTES = [1, 3, 10];

/** From the text of `show -json` to model and comment, by the size of the text. */
export async function benchPlanModel(progress: Progress): Promise<readonly BenchTable[]> {
  progress('plan model and comment: 1, 3 and 10 MB');
  // The first plan of a process pays for the compiler; a runner reads one plan, so this is what it sees.
  const firstText = showText(10);
  const first = timed(() => commentOf(capPlan(modelOf(firstText)), []));
  const rows = MEGABYTES.map((megabytes) => {
    const text = showText(megabytes);
    const parse = best(3, () => JSON.parse(text));
    const read = best(3, () => modelOf(text)) - parse;
    const model = modelOf(text);
    const digest = best(3, () => canonicalText(model));
    const capped = best(3, () => capPlan(model));
    const sent = capPlan(model);
    const comment = best(3, () => commentOf(sent, []));
    const check = best(3, () => renderCheck(viewOf(sent), 'plan'));
    const shown = parse + read + capped + comment;
    return {
      MB: round(text.length / 1_000_000),
      resources: model.changes.length,
      'JSON.parse (baseline)': round(parse),
      'to model': round(read),
      'fit to send': round(capped),
      comment: round(comment),
      'text to comment': round(shown),
      'ms per MB': round(shown / (text.length / 1_000_000)),
      'beside it: digest': round(digest),
      check: round(check),
    };
  });
  const perMegabyte = rows.map((row) => row['ms per MB']);
  const largest = rows.at(-1)?.['text to comment'] ?? Number.NaN;
  return await Promise.resolve([
    {
      name: 'Plans: `show -json` to model, comment and check, in milliseconds',
      promise: {
        text: '10 MB in at most 1 s, growth linear (time per MB at most 2 ×)',
        kept: largest <= 1_000 && (perMegabyte.at(-1) ?? 0) <= 2 * (perMegabyte[0] ?? 0),
      },
      rows,
      notes: [
        `10 MB, the first time in a process: ${round(first)} ms from text to comment.`,
        `The comment has at most ${MAX_COMMENT.toLocaleString('en')} characters whatever the plan's size.`,
      ],
    },
  ]);
}

function modelOf(text: string): PlanModel {
  const model = readPlan(JSON.parse(text), { digest });
  if (model.problem !== undefined) {
    throw new Error(model.problem);
  }
  return model;
}

function digest(text: string): string {
  return createHmac('sha256', 'a key').update(text).digest('hex');
}

function viewOf(model: PlanModel): PullView {
  return {
    pull: 1,
    headSha: '1a2b3c4d5e6f708192a3b4c5d6e7f80912345678',
    dirspaces: [{ dirspace: { dir: 'live/network', workspace: 'default' }, state: 'planned', model }],
  };
}

function commentOf(model: PlanModel, into: string[]): void {
  const comment = renderComment(viewOf(model));
  if (comment.length > MAX_COMMENT) {
    throw new Error('the comment is too long');
  }
  into.push(comment);
}

/** As a provider of a cloud prints it: many attributes, few of them changed, some sensitive, some not known yet. */
function showText(megabytes: number): string {
  const changes: unknown[] = [];
  let size = 0;
  while (size < megabytes * 1_000_000) {
    const change = resourceAt(changes.length);
    size += JSON.stringify(change).length + 1;
    changes.push(change);
  }
  return JSON.stringify({ format_version: '1.2', terraform_version: '1.11.4', resource_changes: changes });
}

const ACTIONS: readonly (readonly string[])[] = [['update'], ['create'], ['delete', 'create'], ['update'], ['delete']];

function resourceAt(at: number): unknown {
  const actions = ACTIONS[at % ACTIONS.length] ?? ['update'];
  const instance = (version: number): Record<string, unknown> => ({
    id: `i-${at}`,
    ami: `ami-${version}`,
    instance_type: version === 1 ? 't3.small' : 't3.large',
    password: `secret-${at}-${version}`,
    tags: Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`tag-${n}`, `value ${n === 3 ? version : n}`])),
    ingress: Array.from({ length: 8 }, (_, n) => ({
      from_port: 8_000 + n,
      to_port: 8_000 + n + (n === 2 ? version : 0),
      protocol: 'tcp',
      cidr_blocks: [`10.${n}.0.0/16`, `10.${n}.1.0/24`],
      description: `service ${n} of instance ${at}`,
    })),
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: Array.from({ length: 4 }, (_, n) => ({
        Effect: 'Allow',
        Action: [`s3:Get${n === 1 ? version : n}`],
        Resource: `arn:aws:s3:::bucket-${at}-${n}/*`,
      })),
    }),
    user_data: Array.from({ length: 20 }, (_, n) => `echo line ${n === 9 ? version : n}`).join('\n'),
  });
  return {
    address: `module.m${at % 40}.aws_instance.web[${at}]`,
    module_address: `module.m${at % 40}`,
    mode: 'managed',
    type: 'aws_instance',
    name: 'web',
    index: at,
    provider_name: 'registry.terraform.io/hashicorp/aws',
    change: {
      actions,
      before: actions[0] === 'create' ? null : instance(1),
      after: actions.at(-1) === 'delete' ? null : instance(2),
      after_unknown: actions.at(-1) === 'delete' ? {} : { arn: true },
      before_sensitive: actions[0] === 'create' ? false : { password: true },
      after_sensitive: actions.at(-1) === 'delete' ? false : { password: true },
    },
  };
}
