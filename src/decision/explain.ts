import { dirspaceName } from '../domain/dirspace.ts';
import { REASONS } from '../domain/reason.ts';
import type { RepoConfig } from '../domain/repo-config.ts';
import { code, fence, fold, prose } from '../report/escape.ts';
import { refusedByConfig } from './broken-config.ts';
import { layersOf, type Placed } from './layers.ts';
import { heldBy } from './locks.ts';
import type { Outcome } from './outcome.ts';
import { type PullCase, pausedBecause } from './pull-case.ts';
import { readConfig } from './pull-config.ts';
import { type Work, workOf } from './work.ts';

const MAX_ROWS = 100;

/** `plumbline help`: what may be written, in one table. */
export function helpAnswer(): Outcome {
  const rows = [
    ['plumbline plan [tag query]', 'Plan again. Arguments for the engine after `--`, e.g. `-- -target=module.vpc`.'],
    ['plumbline apply [tag query]', 'Apply the plans that are shown.'],
    ['plumbline apply-force [tag query]', 'Apply without requirements and gates, where `apply_force` allows it.'],
    ['plumbline apply-autoapprove [tag query]', 'Plan and apply in one go, where `apply_autoapprove` allows it.'],
    ['plumbline unlock [#pull … or dir …]', 'Give up locks.'],
    ['plumbline cancel', 'Stop the runs of this pull request.'],
    ['plumbline approve GATE …', 'Approve gates.'],
    ['plumbline explain [dir]', 'Why something is planned, or not.'],
    ['plumbline repo-config', 'The configuration that counts here.'],
    ['plumbline help', 'This.'],
  ] as const;
  const table = rows.map(([command, text]) => `| \`${command}\` | ${text} |`);
  const answer = [
    '| Command | What it does |',
    '|---|---|',
    ...table,
    '',
    'A tag query such as `dir:prod/db and workspace:blue` selects dirspaces.',
  ];
  return { reason: 'answered', refusals: [], answer: answer.join('\n') };
}

/** `plumbline repo-config`: the effective configuration for this pull request. */
export function configAnswer(it: PullCase): Outcome {
  const read = readConfig(it.github);
  if (!read.ok) {
    return refusedByConfig(it, read.notices);
  }
  const text = JSON.stringify(shown(read.config.head), null, 2).slice(0, 50_000);
  return { reason: 'answered', refusals: [], answer: fold('Effective configuration', fence(text, 'json')) };
}

/** The configuration without what is nobody's business in a comment. */
function shown(config: RepoConfig): RepoConfig {
  return config.storage.plans.method === 's3'
    ? { ...config, storage: { plans: hideKeys(config.storage.plans) } }
    : config;
}

function hideKeys(storage: Extract<RepoConfig['storage']['plans'], { method: 's3' }>) {
  const { accessKeyId: _id, secretAccessKey: _secret, ...rest } = storage;
  return rest;
}

/** `plumbline explain [dir]`: what is in the change and why, where each dirspace stands, and what is not planned and why. */
export function explainAnswer(it: PullCase, dir: string | null): Outcome {
  const result = workOf(it.github, it.pull, it.ours);
  if (!result.ok) {
    return refusedByConfig(it, result.notices);
  }
  const { work } = result;
  const wanted = (path: string) => dir === null || path === dir || path.startsWith(`${dir}/`);
  const placed = layersOf(it, work).all.filter(({ part }) => wanted(part.dir));
  const rows = placed.slice(0, MAX_ROWS).map((one) => dirspaceRow(it, one));
  const files = work.change.unmatched
    .filter(({ path }) => wanted(path))
    .slice(0, MAX_ROWS)
    .map(({ path, reason }) => `- ${code(path)}: ${prose(reason)}`);
  const paused = pausedBecause(it, 'apply');
  const answer = [
    ...(paused === null ? [] : [`${prose(REASONS[paused])}`, '']),
    rows.length === 0
      ? 'No dirspace of this pull request is here.'
      : ['| Dirspace | Why | Layer | Where it stands |', '|---|---|---|---|', ...rows].join('\n'),
    ...(work.modules === 'unknown' ? ['', prose(REASONS['modules-unknown'])] : []),
    ...(files.length === 0 ? [] : ['', 'Changed, but not planned:', ...files]),
  ];
  return { reason: 'answered', refusals: [], answer: answer.join('\n') };
}

function dirspaceRow(it: PullCase, { part, standing }: Placed): string {
  const because = part.because.slice(0, 3).map(whyText).join('; ');
  const holder = heldBy(it.ours, part, { pull: it.pull.number, baseRef: it.pull.baseRef });
  const held = holder === null ? '' : ` Held by #${holder.pull}.`;
  return `| ${code(dirspaceName(part))} | ${because} | ${part.layer + 1} | ${standingText(standing)}${held} |`;
}

function whyText(because: Work['parts'][number]['because'][number]): string {
  switch (because.why) {
    case 'file':
      return `${code(because.file)} matches ${code(because.pattern)}`;
    case 'module':
      return `${code(because.file)} is in module ${code(because.module)}`;
    case 'depends-on':
      return `depends on ${code(dirspaceName(because.on))}`;
    case 'stack':
      return `stack ${code(because.stack)} follows ${code(because.modifiedBy)}`;
    case 'applied-before':
      return 'applied from this pull request before';
  }
}

function standingText(standing: Placed['standing']): string {
  switch (standing.state) {
    case 'done':
      return 'Nothing left to do.';
    case 'valid':
      return 'Planned; may be applied.';
    case 'running':
      return standing.kind === 'plan' ? 'Being planned.' : 'Being applied.';
    case 'invalid':
      return prose(REASONS[standing.reason]);
  }
}
