/** Characters that change how a line is read without being seen: controls, bidirectional overrides, zero-width, line separators. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Separates a character from what follows it, so that GitHub makes no mention, link or reference of the two. */
const APART = '\u200b';

/**
 * Text from a repository, an engine or a person with nothing invisible left in it: control and direction characters are
 * written out, lone surrogates replaced, comment openers broken. Line ends and tabs stay.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(UNSEEN, (character, at: number, whole: string) =>
      // What was set apart below stays, so that doing this twice is doing it once.
      character === APART && whole.startsWith('<!', at - 2) && whole.startsWith('--', at + 1)
        ? character
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .replace(/<!--/g, `<!${APART}--`);
}

/** The same on one line. */
export function visibleLine(text: string): string {
  return visible(text)
    .replace(/[\n\t]+/g, ' ')
    .trim();
}

/** At most `length` characters, ending in an ellipsis when something was cut. Never splits a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) {
    return text;
  }
  return `${text.slice(0, Math.max(0, length - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * A name as inline code. No Markdown, mention or reference works inside it. A name with a pipe is written with entities,
 * because table rows are split before code is recognised.
 */
export function code(name: string, length = 300): string {
  const text = clip(visibleLine(name), length);
  if (text === '') {
    return '(empty)';
  }
  if (text.includes('|')) {
    return `<code>${apart(text).replace(/[^A-Za-z0-9 /-]/gu, (character) => `&#${character.codePointAt(0) ?? 32};`)}</code>`;
  }
  const ticks = '`'.repeat(longestRun(text, '`') + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${text}${pad}${ticks}`;
}

/** A name inside raw HTML such as a summary. */
export function htmlCode(name: string, length = 300): string {
  return `<code>${htmlText(name, length)}</code>`;
}

/** Text inside raw HTML, where Markdown does nothing but mentions still would. */
export function htmlText(text: string, length = 1_000): string {
  return apart(clip(visibleLine(text), length))
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** A sentence in Markdown. Pairs of backticks in it make inline code; everything else is literal. */
export function prose(text: string, length = 2_000): string {
  const parts = clip(visibleLine(text), length).split('`');
  if (parts.length % 2 === 0) {
    // A backtick without a partner is a character.
    return escapeMarkdown(parts.join("'"));
  }
  return parts
    .map((part, index) => (index % 2 === 0 ? escapeMarkdown(part) : part.trim() === '' ? '' : code(part)))
    .join('');
}

/** A fenced block. The fence is longer than any run of backticks inside, so nothing inside can close it. */
export function fence(text: string, language = ''): string {
  const body = visible(text).replace(/\n+$/, '');
  const ticks = '`'.repeat(Math.max(3, longestRun(body, '`') + 1));
  return `${ticks}${language}\n${body}\n${ticks}`;
}

/** A link when the address is a plain web address, else only its text. `label` is Markdown that was escaped already. */
export function link(label: string, url: string | undefined): string {
  return url !== undefined && /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~:/?#@!$&*+,;=%-]*)?$/.test(url)
    ? `[${label}](${url})`
    : label;
}

/** A folded section. `summary` is HTML that was escaped already, `body` Markdown. */
export function fold(summary: string, body: string, open = false): string {
  return `<details${open ? ' open' : ''}><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** The first characters of a commit id; what is no commit id is shown as code like any name. */
export function shortSha(sha: string): string {
  return code(/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(sha) ? sha.slice(0, 7) : sha, 40);
}

/** `1 resource`, `2 resources`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function escapeMarkdown(text: string): string {
  return apart(text)
    .replace(/[\\*_{}[\]<>~$&]/g, '\\$&')
    .replace(/\|/g, '&#124;')
    .replace(/^(\s*)([#+-]|\d+[.)])/, '$1\\$2')
    .replace(/^(\s*)\\(\d+)([.)])/, '$1$2\\$3')
    .replace(/=/g, '\\=');
}

/** Breaks mentions, references, addresses and emoji names, which GitHub finds in finished text where no escape helps. */
function apart(text: string): string {
  return text
    .replaceAll('@', `@${APART}`)
    .replace(/#(?=\d)/g, `#${APART}`)
    .replace(/(GH-)(?=\d)/gi, `$1${APART}`)
    .replace(/:(?=\/\/)/g, `:${APART}`)
    .replace(/(www)(?=\.)/gi, `$1${APART}`)
    .replace(/(mailto|xmpp):/gi, `$1${APART}:`)
    .replace(/:(?=[a-z0-9_+-]{1,60}:)/gi, `:${APART}`)
    .replace(/\b([0-9a-f]{3})(?=[0-9a-f]{4,37}\b)/g, `$1${APART}`);
}

function longestRun(text: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const at of text) {
    run = at === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
