import type { ApplyOutcome, ResourceOutcome } from '../domain/plan-model.ts';
import { failureClass } from '../plans/failure-class.ts';
import { diagnosticsBlock } from './diagnostics-block.ts';
import { clip, code, fence, prose, visibleLine } from './escape.ts';

const SIGNS: Readonly<Record<ResourceOutcome['outcome'], readonly [string, string]>> = {
  failed: ['-', 'failed'],
  started: ['!', 'begun, end unknown'],
  'not-attempted': [' ', 'not attempted'],
  done: ['+', 'done'],
};

/** What an apply did: the first failure, what became of each resource, what the outputs are. */
export function applyBlock(
  apply: ApplyOutcome,
  dir: string,
  level: 'full' | 'updates' | 'addresses' | 'types',
): string {
  const limit = { full: 400, updates: 200, addresses: 60, types: 10 }[level];
  const order: readonly ResourceOutcome['outcome'][] = ['failed', 'started', 'not-attempted', 'done'];
  const sorted = order.flatMap((outcome) => apply.resources.filter((entry) => entry.outcome === outcome));
  const lines = sorted.slice(0, limit).map((entry) => {
    const [sign, word] = SIGNS[entry.outcome];
    const time = entry.seconds === undefined || entry.outcome !== 'done' ? '' : `, ${Math.round(entry.seconds)} s`;
    const id = entry.id === undefined ? '' : `, id ${clip(visibleLine(entry.id), 80)}`;
    return `${sign} ${clip(visibleLine(entry.address), 300)}  (${entry.action}: ${word}${time}${id})`;
  });
  const left = sorted.length - lines.length;
  const failure = apply.failed > 0 || apply.diagnostics.some((entry) => entry.severity === 'error');
  return [
    failure ? recoveryText(apply) : '',
    failure ? importBlock(apply) : '',
    diagnosticsBlock(apply.diagnostics, dir, level === 'full' ? 1_500 : 300),
    lines.length === 0 ? '' : fence([...lines, ...(left > 0 ? [`  … and ${left} more`] : [])].join('\n'), 'diff'),
    level === 'full' ? outputsText(apply) : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function recoveryText(apply: ApplyOutcome): string {
  const kind = failureClass(apply.diagnostics);
  const first = apply.resources.find((entry) => entry.outcome === 'failed');
  const begun = apply.resources.filter((entry) => entry.outcome === 'started');
  return [
    `**${kind.title}.** ${kind.advice}`,
    first === undefined ? '' : `First failure: ${code(first.address)}.`,
    begun.length === 0
      ? ''
      : `The end of ${begun
          .slice(0, 5)
          .map((entry) => code(entry.address))
          .join(', ')} is not known: look at it before going on.`,
    `${apply.done} done, ${apply.failed} failed, ${apply.notAttempted} not attempted. What is done stays done; the next plan holds only the rest.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** A ready block for what exists already: only the id is to be filled in. */
function importBlock(apply: ApplyOutcome): string {
  const first = apply.resources.find((entry) => entry.outcome === 'failed');
  return first === undefined || failureClass(apply.diagnostics).kind !== 'exists'
    ? ''
    : fence(`import {\n  to = ${clip(visibleLine(first.address), 300)}\n  id = "…"\n}`, 'hcl');
}

function outputsText(apply: ApplyOutcome): string {
  if (apply.outputs.length === 0) {
    return '';
  }
  const lines = apply.outputs
    .slice(0, 50)
    .map(
      (output) =>
        `${visibleLine(output.name)} = ${output.value === undefined ? '(sensitive)' : clip(output.value, 300)}`,
    );
  const left = apply.outputs.length - lines.length;
  return `${prose('Outputs:')}\n\n${fence([...lines, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n'), 'text')}`;
}
