/**
 * Strongly connected components of a directed graph (Tarjan), without recursion. A component comes after every component that
 * it points to, so the order of the result is the order in which values that depend on successors can be computed.
 */
export function components(
  size: number,
  successors: (node: number) => readonly number[],
): readonly (readonly number[])[] {
  const found: number[][] = [];
  const index = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const onStack = new Uint8Array(size);
  const stack: number[] = [];
  const work: { readonly node: number; readonly next: readonly number[]; at: number }[] = [];
  let counter = 0;

  const enter = (node: number): void => {
    index[node] = counter;
    low[node] = counter;
    counter += 1;
    stack.push(node);
    onStack[node] = 1;
    work.push({ node, next: successors(node), at: 0 });
  };
  const lower = (node: number, value: number): void => {
    low[node] = Math.min(low[node] ?? 0, value);
  };

  for (let root = 0; root < size; root += 1) {
    if (index[root] !== -1) {
      continue;
    }
    enter(root);
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const next = frame.next[frame.at];
      frame.at += 1;
      if (next === undefined) {
        work.pop();
        const parent = work.at(-1);
        if (parent !== undefined) {
          lower(parent.node, low[frame.node] ?? 0);
        }
        if (low[frame.node] === index[frame.node]) {
          found.push(popComponent(stack, onStack, frame.node));
        }
      } else if (index[next] === -1) {
        enter(next);
      } else if (onStack[next] === 1) {
        lower(frame.node, index[next] ?? 0);
      }
    }
  }
  return found;
}

function popComponent(stack: number[], onStack: Uint8Array, root: number): number[] {
  const component: number[] = [];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    onStack[node] = 0;
    component.push(node);
    if (node === root) {
      break;
    }
  }
  return component;
}
