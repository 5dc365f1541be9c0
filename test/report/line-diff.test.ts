import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderComment } from '../../src/report/comment.ts';
import { lineDiff } from '../../src/report/line-diff.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { VIEWS } from '../gallery/states.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((all) => all.join('\n'));

describe('a diff by line', () => {
  it('shows what changed with a little around it', () => {
    const text = (word: string) => ['1', '2', '3', '4', word, '6', '7', '8'].join('\n');
    expect(lineDiff(text('old'), text('new')).map((line) => line.sign + line.text)).toEqual([
      ' … 2 unchanged lines',
      ' 3',
      ' 4',
      '-old',
      '+new',
      ' 6',
      ' 7',
      ' … 1 unchanged line',
    ]);
  });

  it('holds every line that is only on one side, and no other', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = lineDiff(before, after);
        const removed = diff.filter((line) => line.sign === '-').length;
        const added = diff.filter((line) => line.sign === '+').length;
        expect(before.split('\n').length - removed).toBe(after.split('\n').length - added);
        expect(removed + added === 0).toBe(before === after);
        const left = [...before.split('\n')];
        for (const line of diff.filter((entry) => entry.sign === '-')) {
          left.splice(left.indexOf(line.text), 1);
        }
        const right = [...after.split('\n')];
        for (const line of diff.filter((entry) => entry.sign === '+')) {
          right.splice(right.indexOf(line.text), 1);
        }
        expect(left.toSorted()).toEqual(right.toSorted());
      }),
    );
  });

  it('of two long texts with nothing in common is all of both', () => {
    const text = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}`).join('\n');
    expect(lineDiff(text('a'), text('b'))).toHaveLength(10_000);
  });
});

describe('the comment in a terminal', () => {
  const view = VIEWS.dangerous?.view ?? { pull: 1, headSha: '', dirspaces: [] };

  it('has no Markdown or HTML left in it', () => {
    const text = renderTerminal(renderComment(view), { color: false, width: 100 });
    expect(text).not.toMatch(/<details|<summary|\*\*|```|\[!CAUTION\]|<!--|\\_/);
    expect(text).toContain('▾ prod/db: 2 to change, 1 to replace, 1 to destroy');
    expect(text).toContain('    +     policy (JSON) Statement[0].Action[1] = "*"');
  });

  it('colours what is added and what goes away', () => {
    const text = renderTerminal(renderComment(view), { color: true, width: 100 });
    expect(text).toContain('\u001b[31m- aws_security_group.old');
    expect(text).toContain('\u001b[32m+     policy');
  });

  it('lets no escape sequence of a hostile name through', () => {
    const text = renderTerminal(renderComment(VIEWS.hostile?.view ?? view), { color: false, width: 100 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    expect(text).not.toMatch(/[\u0000-\u0008\u001b\u202e]/);
  });
});
