import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, code, fence, fold, htmlText, link, prose, visible } from '../../src/report/escape.ts';
import { renderGfm } from '../gallery/github-page.ts';

/** Pieces of Markdown, HTML and GitHub's own syntax, in any order: nearer to an attack than random letters. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '`',
          '``',
          '```',
          '~~~',
          '|',
          '\\',
          '\\|',
          '*',
          '**',
          '_',
          '[',
          ']',
          '(',
          ')',
          '<',
          '>',
          '&',
          '&lt;',
          '&#64;',
          '#',
          '- ',
          '1. ',
          '> ',
        ],
        ...[
          '\n',
          '\n\n',
          '\r',
          '\t',
          '    ',
          '@octocat',
          '@acme/team',
          '#1',
          'a/b#1',
          'GH-2',
          'http://evil.test',
          'www.evil.test',
          'x@evil.test',
        ],
        ...[
          '<!--',
          '-->',
          '<!-- plumbline:v1',
          '</code>',
          '</details>',
          '</summary>',
          '<img src=x>',
          '<script>',
          '![x](http://e.test)',
        ],
        ...[
          '[a](javascript:x)',
          ':rocket:',
          '$x$',
          '~~x~~',
          '---',
          '===',
          '|---|',
          '\u202e',
          '\u200b',
          '\u0000',
          '\u001b[31m',
          '\ud800',
          '😀',
          'é',
        ],
      ),
      fc.string({ maxLength: 6 }),
      fc.constantFrom('prod', 'aws_instance.web', 'x', ' '),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** What GitHub's filters would still find in text that is neither code nor a link. */
function found(html: string): readonly string[] {
  const text = html
    .replace(/<(code|pre|a)\b[^>]*>[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&amp;/g, '&');
  return text.match(/@\w|#\d|\bGH-\d|:\/\/|\bwww\./gi) ?? [];
}

function elements(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/<([a-z!][a-z0-9]*)/gi)].map((match) => (match[1] ?? '').toLowerCase()));
}

function plain(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .trim();
}

const many = { numRuns: 1_500 };

describe('for every text', () => {
  it('a name in a sentence is one piece of code and nothing else', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const html = renderGfm(`before ${code(name)} after`);
        expect([...elements(html)].filter((element) => element !== 'p' && element !== 'code')).toEqual([]);
        expect(found(html)).toEqual([]);
        expect(plain(html)).toMatch(/^before [\s\S]+ after$/);
      }),
      many,
    );
  });

  it('a name in a table stays in its cell', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, text) => {
        const html = renderGfm(`| a | b | c |\n|---|---|---|\n| ${code(name)} | ${prose(text)} | end |`);
        expect(html.match(/<td/g)).toHaveLength(3);
        expect(html).toContain('<td>end</td>');
        expect(
          [...elements(html)].filter(
            (element) => !['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code'].includes(element),
          ),
        ).toEqual([]);
        expect(found(html)).toEqual([]);
      }),
      many,
    );
  });

  it('a sentence makes no element but code, and nobody is mentioned', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = renderGfm(`- ${prose(text)}\n- end`);
        expect([...elements(html)].filter((element) => !['ul', 'li', 'code'].includes(element))).toEqual([]);
        expect(html).toContain('<li>end</li>');
        expect(found(html)).toEqual([]);
      }),
      many,
    );
  });

  it('a sentence in a box stays in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = renderGfm(`> [!IMPORTANT]\n> ${prose(text)}\n\nafter`);
        expect(html.match(/<blockquote/g)).toHaveLength(1);
        expect(html.endsWith('<p>after</p>')).toBe(true);
        expect(found(html)).toEqual([]);
      }),
      many,
    );
  });

  it('a block cannot be closed from inside', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = renderGfm(`${fence(text, 'diff')}\n\nafter`);
        expect([...elements(html)].toSorted()).toEqual(['code', 'p', 'pre']);
        expect(html.match(/<pre/g)).toHaveLength(1);
        expect(html.endsWith('<p>after</p>')).toBe(true);
      }),
      many,
    );
  });

  it('the summary of a fold cannot be left', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = renderGfm(fold(`<code>${htmlText(text)}</code>: end`, 'inside'));
        expect(html.match(/<details/g)).toHaveLength(1);
        expect(html).toContain(': end</summary>');
        expect([...elements(html)].toSorted()).toEqual(['code', 'details', 'p', 'summary']);
        expect(html.trim().endsWith('</details>')).toBe(true);
      }),
      many,
    );
  });

  it('no comment marker survives, nothing stays unseen, and doing it twice is doing it once', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const once = visible(text);
        expect(once).not.toContain('<!--');
        expect(once.isWellFormed()).toBe(true);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be gone.
        expect(once).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
        expect(visible(once)).toBe(once);
      }),
      many,
    );
  });

  it('cutting keeps the length and whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(30), (text, length) => {
        const cut = clip(text.toWellFormed(), length);
        expect(cut.length).toBeLessThanOrEqual(Math.max(1, length));
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('names as people read them', () => {
  it.each([
    ['prod/db', '`prod/db`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['', '(empty)'],
    ['a\nb', '`a b`'],
    ['a|b', '<code>a&#124;b</code>'],
  ])('%j is %s', (name, text) => {
    expect(code(name)).toBe(text);
  });

  it('keeps code in a sentence and escapes the rest', () => {
    expect(prose('comment `plumbline apply` *now*, @ann')).toBe('comment `plumbline apply` \\*now\\*, @\u200bann');
  });

  it.each([
    ['https://github.com/o/r/actions/runs/1', '[run](https://github.com/o/r/actions/runs/1)'],
    ['http://127.0.0.1:3000/x', '[run](http://127.0.0.1:3000/x)'],
    ['javascript:alert(1)', 'run'],
    ['https://x.test/)[evil](https://e.test', 'run'],
    [undefined, 'run'],
  ])('links only plain web addresses: %s', (url, text) => {
    expect(link('run', url)).toBe(text);
  });
});
