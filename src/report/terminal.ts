export interface TerminalOptions {
  readonly color: boolean;
  /** Columns; longer lines of prose are wrapped, code is not. */
  readonly width: number;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/**
 * Our own comment Markdown for a terminal: headings, tables in columns, diffs in colour, folds opened and indented. It
 * reads what `report/` writes and is no general Markdown renderer.
 */
export function renderTerminal(markdown: string, options: TerminalOptions): string {
  const paint = (style: keyof typeof CODES, text: string) =>
    options.color && text !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  const out: string[] = [];
  const lines = markdown.split('\n');
  let depth = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const indent = '  '.repeat(depth);
    const fence = /^(`{3,})(\w*)$/.exec(line);
    if (fence !== null) {
      const end = lines.indexOf(fence[1] ?? '```', index + 1);
      const last = end === -1 ? lines.length : end;
      for (const inside of lines.slice(index + 1, last)) {
        out.push(`${indent}  ${fence[2] === 'diff' ? diffLine(inside, paint) : paint('dim', inside)}`);
      }
      index = last;
    } else if (line.startsWith('|')) {
      const end = lines.findIndex((other, at) => at > index && !other.startsWith('|'));
      const last = end === -1 ? lines.length : end;
      out.push(...table(lines.slice(index, last), paint).map((row) => `${indent}${row}`));
      index = last - 1;
    } else if (line.startsWith('<details')) {
      out.push(`${indent}${paint('bold', `▾ ${inline(line.replace(/^<details[^>]*>/, ''), paint)}`)}`);
      depth += 1;
    } else if (line === '</details>') {
      depth = Math.max(0, depth - 1);
    } else if (line.startsWith('<!--') || (line === '' && out.at(-1) === '')) {
      // Markers are for machines, and one empty line is enough.
    } else if (/^#{1,6} /.test(line)) {
      out.push(`${indent}${paint('bold', inline(line.replace(/^#+ /, ''), paint))}`);
    } else if (line.startsWith('> ')) {
      const text = line.slice(2);
      const box = /^\[!(\w+)\]$/.exec(text);
      const style = box === null || box[1] === 'CAUTION' ? 'red' : 'yellow';
      out.push(`${indent}${paint(style, '┃')} ${box === null ? inline(text, paint) : paint(style, box[1] ?? '')}`);
    } else if (line === '>') {
      // The space inside a box is for GitHub.
    } else {
      out.push(...wrap(inline(line, paint), options.width - indent.length).map((part) => `${indent}${part}`));
    }
  }
  return `${out.join('\n').trim()}\n`;
}

type Paint = (style: keyof typeof CODES, text: string) => string;

function diffLine(line: string, paint: Paint): string {
  switch (line.charAt(0)) {
    case '+':
      return paint('green', line);
    case '-':
      return paint('red', line);
    case '!':
      return paint('yellow', line);
    default:
      return line;
  }
}

/** Code, bold and links; what was escaped is as it was. Bold may begin before a piece of code and end after it. */
function inline(text: string, paint: Paint): string {
  let bold = false;
  return text
    .split(/(`+)( ?)(.+?)\2\1(?!`)/)
    .map((part, index) => {
      if (index % 4 === 3) {
        return paint('cyan', part);
      }
      return index % 4 !== 0
        ? ''
        : part
            .split(/(?<!\\)\*\*/)
            .map((piece, at) => {
              bold = at === 0 ? bold : !bold;
              const shown = words(piece, paint);
              return bold ? paint('bold', shown) : shown;
            })
            .join('');
    })
    .join('');
}

function words(text: string, paint: Paint): string {
  return text
    .replace(/<code>(.*?)<\/code>/g, (_, code: string) => paint('cyan', code))
    .replace(/<\/?(?:summary|sub|details)[^>]*>/g, '')
    .replace(
      /\[([^\]]*)\]\((https?:[^)]*)\)/g,
      (_, label: string, url: string) => `${label} ${paint('dim', `(${url})`)}`,
    )
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Math.min(Number(code), 0x10ffff)))
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '')
    .replace(/\\([\\*_{}[\]<>~$&#+=.)-])/g, '$1')
    .replaceAll('\u200b', '');
}

function table(rows: readonly string[], paint: Paint): readonly string[] {
  const cells = rows
    .filter((row) => !/^[|\s:-]+$/.test(row))
    .map((row) =>
      row
        .slice(1, row.endsWith('|') ? -1 : undefined)
        .split('|')
        .map((cell) => inline(cell.trim(), paint)),
    );
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, columns(cell));
    }
  }
  return cells.map((row, index) => {
    const text = row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - columns(cell)))
      .join('  ')
      .trimEnd();
    return index === 0 ? paint('dim', text) : text;
  });
}

/** Width on the screen: without colours, with the coloured squares two wide. */
function columns(text: string): number {
  let width = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  for (const character of text.replace(/\u001b\[\d+m/g, '')) {
    width += (character.codePointAt(0) ?? 0) > 0xffff || character === '⬜' || character === '⏳' ? 2 : 1;
  }
  return width;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columns(line) + columns(word) + 1 > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
