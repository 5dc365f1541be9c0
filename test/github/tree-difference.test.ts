import fc from 'fast-check';
import { expect, it } from 'vitest';
import { treeDifference } from '../../src/github/changed-files.ts';

const tree = fc.dictionary(fc.constantFrom('a', 'b/c', 'b/d', 'e', 'f/g/h'), fc.constantFrom('1', '2', '3'));

it('names exactly the files that differ, each once and in order', () => {
  fc.assert(
    fc.property(tree, tree, (left, right) => {
      const before = new Map(Object.entries(left));
      const after = new Map(Object.entries(right));
      const changed = treeDifference(before, after);
      const paths = changed.map(({ path }) => path);
      expect(paths).toEqual([...new Set(paths)].sort());
      const patched = new Map(before);
      for (const { path, status } of changed) {
        expect(status).toBe(after.has(path) ? (before.has(path) ? 'modified' : 'added') : 'removed');
        const content = after.get(path);
        if (content === undefined) {
          patched.delete(path);
        } else {
          patched.set(path, content);
        }
      }
      expect(Object.fromEntries(patched)).toEqual(Object.fromEntries(after));
    }),
  );
});
