import type { AttributeChange, Leaf, OutputChange, PathStep, ResourceChange } from '../domain/plan-model.ts';
import { clip, visible, visibleLine } from './escape.ts';
import { lineDiff } from './line-diff.ts';

/** How much of a change is shown. */
export type Detail = 'full' | 'updates' | 'addresses';

const MAX_VALUE = 240;
const MAX_LINES_OF_TEXT = 60;

const WORDS: Readonly<Record<ResourceChange['action'], readonly [string, string]>> = {
  create: ['+', 'create'],
  update: ['!', 'change'],
  delete: ['-', 'destroy'],
  replace: ['!', 'replace'],
  read: [' ', 'read'],
  forget: ['!', 'forget: leaves the state, stays in the cloud'],
  none: ['!', ''],
};

/** The lines of one resource for a `diff` block: `+`, `-` or `!` in the first column, attributes indented below. */
export function changeLines(change: ResourceChange, detail: Detail): readonly string[] {
  const head = headLine(change);
  if (detail === 'addresses' || change.action === 'none') {
    return [head];
  }
  if (detail === 'updates' && change.action === 'create') {
    return [head];
  }
  const shown =
    change.action === 'delete' || change.action === 'forget' ? identifying(change.attributes) : change.attributes;
  // Most of what a new resource has is not known yet and says nothing about it.
  const later = change.action === 'create' ? shown.filter((entry) => entry.after?.kind === 'unknown').length : 0;
  const lines = [
    head,
    ...attributeLines(later === 0 ? shown : shown.filter((entry) => entry.after?.kind !== 'unknown')),
  ];
  if (later > 0) {
    lines.push(`      (${later} known after apply)`);
  }
  if (change.action === 'update' && change.attributes.length === 0 && change.omitted === undefined) {
    lines.push('      only formatting or provider bookkeeping differs');
  }
  if ((change.omitted ?? 0) > 0) {
    lines.push(`      … ${change.omitted} more attribute changes are not kept`);
  }
  if (change.unchanged > 0 && (change.action === 'update' || change.action === 'replace')) {
    lines.push(`      (${change.unchanged} unchanged)`);
  }
  return lines;
}

/** The lines of one output. */
export function outputLines(output: OutputChange): readonly string[] {
  const sign = output.action === 'create' ? '+' : output.action === 'delete' ? '-' : '!';
  const [only, ...others] = attributeLines(output.attributes, 0);
  const name = `output ${visibleLine(output.name)}`;
  if (only !== undefined && others.length === 0 && only.slice(2).startsWith('value = ')) {
    return [`${only.slice(0, 2)}${name} = ${only.slice('+ value = '.length)}`];
  }
  return [`${sign} ${name}`, ...attributeLines(output.attributes)];
}

function headLine(change: ResourceChange): string {
  const [sign, word] = WORDS[change.action];
  const notes = [
    change.action === 'replace'
      ? `replace, ${change.order === 'create-first' ? 'create before destroy' : 'destroy before create'}`
      : word,
    change.importId === undefined ? '' : `import ${quote(change.importId)}`,
    change.movedFrom === undefined ? '' : `move from ${visibleLine(change.movedFrom)}`,
    change.deposed === undefined ? '' : `deposed ${visibleLine(change.deposed)}`,
    reasonText(change.reason),
  ].filter((note) => note !== '');
  return `${sign} ${visibleLine(change.address)}  (${notes.join('; ')})`;
}

const REASONS: Readonly<Record<string, string>> = {
  replace_because_tainted: 'it is tainted',
  replace_by_request: 'asked for with -replace',
  replace_by_triggers: 'replace_triggered_by',
  delete_because_no_resource_config: 'no longer in the configuration',
  delete_because_wrong_repetition: 'count or for_each was added or removed',
  delete_because_count_index: 'count is smaller',
  delete_because_each_key: 'its for_each key is gone',
  delete_because_no_module: 'its module is gone',
  delete_because_no_move_target: 'moved to an address that is not in the configuration',
};

/** What the engine's reason means. An unknown or self-evident reason is left out. */
function reasonText(reason: string | undefined): string {
  return reason !== undefined && Object.hasOwn(REASONS, reason) ? (REASONS[reason] ?? '') : '';
}

/** Of something that goes away only what tells which one it is. */
function identifying(attributes: readonly AttributeChange[]): readonly AttributeChange[] {
  const names = new Set(['id', 'name', 'arn', 'bucket', 'identifier', 'self_link']);
  return attributes.filter((change) => change.path.length === 1 && names.has(String(change.path[0])));
}

interface Branch {
  readonly children: Map<PathStep, Branch>;
  leaf?: AttributeChange;
  json: boolean;
}

/** Attribute changes as indented lines; what has one child only is written as one dotted name. */
export function attributeLines(attributes: readonly AttributeChange[], depth = 1): readonly string[] {
  const root: Branch = { children: new Map(), json: false };
  for (const change of attributes) {
    let branch = root;
    for (const [index, step] of change.path.entries()) {
      const next = branch.children.get(step) ?? { children: new Map(), json: false };
      branch.children.set(step, next);
      next.json ||= change.jsonFrom === index + 1;
      branch = next;
    }
    branch.leaf = change;
  }
  const lines: string[] = [];
  if (root.leaf !== undefined) {
    lines.push(...leafLines('value', root.leaf, depth));
  }
  for (const [step, branch] of root.children) {
    branchLines(lines, stepText('', step), branch, depth);
  }
  return lines;
}

function branchLines(lines: string[], label: string, branch: Branch, depth: number): void {
  if (branch.leaf !== undefined) {
    lines.push(...leafLines(label, branch.leaf, depth));
  }
  const [only, ...others] = branch.children;
  if (only !== undefined && others.length === 0 && branch.leaf === undefined) {
    const name = branch.json ? `${label} (JSON) ` : label;
    branchLines(lines, stepText(name, only[0]), only[1], depth);
    return;
  }
  if (branch.children.size > 0) {
    lines.push(`${signOf(branch)} ${'  '.repeat(depth * 2)}${label}${branch.json ? ' (JSON)' : ''}:`);
    for (const [step, child] of branch.children) {
      branchLines(lines, stepText('', step), child, depth + 1);
    }
  }
}

function stepText(label: string, step: PathStep): string {
  if (typeof step === 'number') {
    return `${label}[${step < 0 ? -1 - step : step}]`;
  }
  const name = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(step) ? step : JSON.stringify(clip(visibleLine(step), 100));
  return label === '' || label.endsWith(' ') ? `${label}${name}` : `${label}.${name}`;
}

function signOf(branch: Branch): '+' | '-' | '!' {
  const signs = new Set<string>();
  const waiting = [branch];
  for (let next = waiting.pop(); next !== undefined && signs.size < 2; next = waiting.pop()) {
    if (next.leaf !== undefined) {
      signs.add(leafSign(next.leaf));
    }
    waiting.push(...next.children.values());
  }
  return signs.size === 1 ? (signs.has('+') ? '+' : signs.has('-') ? '-' : '!') : '!';
}

function leafSign(change: AttributeChange): '+' | '-' | '!' {
  if (change.reordered !== undefined) {
    return '!';
  }
  return change.before === undefined ? '+' : change.after === undefined ? '-' : '!';
}

function leafLines(label: string, change: AttributeChange, depth: number): readonly string[] {
  const sign = leafSign(change);
  const indent = '  '.repeat(depth * 2);
  const forces = change.forcesReplace === true ? '  (forces replacement)' : '';
  if (change.reordered !== undefined) {
    return [`! ${indent}${label}: the same elements in another order`];
  }
  const { before, after } = change;
  const texts = [textLeaf(before), textLeaf(after)] as const;
  if (texts[0]?.includes('\n') === true || texts[1]?.includes('\n') === true) {
    if ((before === undefined || texts[0] !== undefined) && (after === undefined || texts[1] !== undefined)) {
      return [`${sign} ${indent}${label}:${forces}`, ...textLines(texts[0], texts[1], `${indent}    `)];
    }
  }
  if (before?.kind === 'hidden' && after?.kind === 'hidden') {
    return [`! ${indent}${label} = ${hiddenText(after)}, changed${forces}`];
  }
  const value =
    before === undefined || after === undefined
      ? leafText(before ?? after)
      : `${leafText(before)} -> ${leafText(after)}`;
  // A removed or added element of a list is named by its value; its index says nothing to a reader.
  const name = /^\[\d+\]$/.test(label) ? '' : `${label} = `;
  return [`${sign} ${indent}${name}${value}${forces}`];
}

function textLeaf(leaf: Leaf | undefined): string | undefined {
  return leaf?.kind === 'value' && typeof leaf.value === 'string' ? leaf.value : undefined;
}

function textLines(before: string | undefined, after: string | undefined, indent: string): readonly string[] {
  const all =
    before !== undefined && after !== undefined
      ? lineDiff(withoutEnd(before, after), withoutEnd(after, before))
      : (before ?? after ?? '')
          .replace(/\n$/, '')
          .split('\n')
          .map((text) => ({ sign: before === undefined ? '+' : '-', text }));
  const shown = all
    .slice(0, MAX_LINES_OF_TEXT)
    .map(({ sign, text }) => `${sign} ${indent}${clip(visible(text), MAX_VALUE)}`);
  return all.length > shown.length ? [...shown, `  ${indent}… ${all.length - shown.length} more lines`] : shown;
}

/** A line end that both texts have at their end would be shown as an empty line. */
function withoutEnd(text: string, other: string): string {
  return text.endsWith('\n') && other.endsWith('\n') ? text.slice(0, -1) : text;
}

function leafText(leaf: Leaf | undefined): string {
  switch (leaf?.kind) {
    case undefined:
      return '(none)';
    case 'value':
      return typeof leaf.value === 'string' ? quote(leaf.value) : String(leaf.value);
    case 'hidden':
      return hiddenText(leaf);
    case 'unknown':
      return '(known after apply)';
    case 'collection':
      return collectionText(leaf.of, leaf.size);
  }
}

function collectionText(of: 'list' | 'map', size: number): string {
  if (size === 0) {
    return of === 'list' ? '[]' : '{}';
  }
  return of === 'list'
    ? `[${size} ${size === 1 ? 'element' : 'elements'}]`
    : `{${size} ${size === 1 ? 'entry' : 'entries'}}`;
}

function hiddenText(leaf: Leaf): string {
  return leaf.kind === 'hidden' && leaf.why === 'sensitive' ? '(sensitive)' : '(hidden)';
}

function quote(text: string): string {
  const cut =
    text.length > MAX_VALUE
      ? `${JSON.stringify(clip(text, MAX_VALUE))} (${text.length} characters)`
      : JSON.stringify(text);
  return visible(cut);
}
