import type { AttributeChange, Leaf, OutputChange, PlanModel, ResourceChange } from '../domain/plan-model.ts';

/**
 * What a plan would do, as one text to be hashed by the caller. Two plans with the same text do the same, whatever their
 * order, time, engine version, warnings, drift notices and data reads. It must be made from the whole model, before `capPlan`.
 */
export function canonicalText(model: PlanModel): string {
  if (model.problem !== undefined || model.text !== undefined) {
    // Nothing is known about the meaning: equal only to itself, character by character.
    return `opaque\n${model.problem ?? ''}\n${model.text ?? ''}`;
  }
  const lines = [
    ...model.changes.filter((change) => change.action !== 'read').flatMap((change) => changeLines(change, leafText)),
    ...model.outputs.flatMap((output) => outputLines(output, leafText)),
    ...model.deferred.map((entry) => JSON.stringify(['deferred', entry.address, entry.action])),
  ];
  return ['plan 1', ...lines.toSorted()].join('\n');
}

/**
 * The same without values: which resources change and in which attributes. Plans of one shape are shown as one block.
 */
export function shapeText(model: PlanModel): string {
  if (model.problem !== undefined || model.text !== undefined) {
    return canonicalText(model);
  }
  const lines = [
    ...model.changes.filter((change) => change.action !== 'read').flatMap((change) => changeLines(change, leafKind)),
    ...model.outputs.flatMap((output) => outputLines(output, leafKind)),
  ];
  return ['shape 1', ...lines.toSorted()].join('\n');
}

function changeLines(change: ResourceChange, leaf: (side: Leaf | undefined) => unknown): readonly string[] {
  const head = JSON.stringify([
    'resource',
    change.address,
    change.deposed ?? '',
    change.action,
    change.order ?? '',
    change.importId ?? null,
    change.movedFrom ?? null,
  ]);
  return [head, ...change.attributes.map((attribute) => attributeLine(change.address, attribute, leaf))];
}

function outputLines(output: OutputChange, leaf: (side: Leaf | undefined) => unknown): readonly string[] {
  const address = `output.${output.name}`;
  return [
    JSON.stringify(['output', output.name, output.action]),
    ...output.attributes.map((attribute) => attributeLine(address, attribute, leaf)),
  ];
}

/** One leaf. The meaning of a change counts elements, since they may belong together; its shape does not. */
function attributeLine(address: string, attribute: AttributeChange, leaf: (side: Leaf | undefined) => unknown): string {
  const path =
    leaf === leafKind ? attribute.path.map((step) => (typeof step === 'number' ? '[]' : step)) : attribute.path;
  return JSON.stringify([
    'attribute',
    address,
    path,
    leaf(attribute.before),
    leaf(attribute.after),
    attribute.reordered ?? null,
  ]);
}

function leafText(side: Leaf | undefined): unknown {
  switch (side?.kind) {
    case undefined:
      return null;
    case 'value':
      return ['value', side.value];
    case 'hidden':
      return ['hidden', side.digest];
    case 'collection':
      return [side.kind, side.of, side.size];
    case 'unknown':
      return [side.kind];
  }
}

function leafKind(side: Leaf | undefined): unknown {
  return side?.kind ?? null;
}
