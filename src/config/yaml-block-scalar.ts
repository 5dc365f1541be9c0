import type { YamlScalar } from './yaml-node.ts';
import type { YamlText } from './yaml-text.ts';

interface Header {
  readonly folds: boolean;
  /** What becomes of the line ends behind the text. */
  readonly chomp: 'clip' | 'strip' | 'keep';
  /** Indentation of the text, where the header says it. */
  readonly width: number | undefined;
}

/** A text in lines of its own, behind `|` or `>`; they are indented more than `indent`. */
export function readBlockScalar(source: YamlText, indent: number): YamlScalar {
  const { at } = source;
  const header = readHeader(source, indent);
  const lines = readLines(source, indent, header.width);
  const last = lines.findLastIndex((line) => line !== '');
  const content = lines.slice(0, last + 1);
  const after = '\n'.repeat(lines.length - content.length);
  const body = header.folds ? foldLines(content) : content.join('\n');
  const end = content.length === 0 ? '' : '\n';
  const text = header.chomp === 'keep' ? body + end + after : header.chomp === 'clip' ? body + end : body;
  return { kind: 'scalar', at, text, style: 'block', length: source.at - at };
}

function readHeader(source: YamlText, indent: number): Header {
  const form = /([|>])(?:([+-])([1-9])?|([1-9])([+-])?)?(?=[ \t\r\n]|$)/y;
  form.lastIndex = source.at;
  const [whole, kind, before, behind, digit, sign] = form.exec(source.text) ?? [];
  if (whole === undefined) {
    source.fail('Behind this may stand `-` or `+`, and a digit; the text begins in the next line.');
  }
  source.moveTo(source.at + whole.length);
  source.endOfLine();
  const end = source.text.indexOf('\n', source.at);
  source.moveTo(end === -1 ? source.text.length : end + 1);
  source.lineStart = source.at;
  const width = behind ?? digit;
  return {
    folds: kind === '>',
    chomp: (before ?? sign) === '-' ? 'strip' : (before ?? sign) === '+' ? 'keep' : 'clip',
    width: width === undefined ? undefined : Math.max(indent, 0) + Number(width),
  };
}

function readLines(source: YamlText, indent: number, given: number | undefined): readonly string[] {
  const { text } = source;
  const lines: string[] = [];
  let width = given;
  let widest = 0;
  while (!source.ended) {
    const begin = source.at;
    const stop = text.indexOf('\n', begin);
    const end = stop === -1 ? text.length : text.charAt(stop - 1) === '\r' ? stop - 1 : stop;
    let spaces = 0;
    while (begin + spaces < end && text.charAt(begin + spaces) === ' ') {
      spaces += 1;
    }
    const isBlankLine = begin + spaces === end;
    if (!isBlankLine && (spaces < (width ?? indent + 1) || source.isMarker())) {
      break;
    }
    if (isBlankLine) {
      widest = Math.max(widest, width === undefined ? spaces : 0);
    } else if (width === undefined) {
      width = spaces;
      if (widest > width) {
        source.fail('Empty lines before this one are indented more than it.');
      }
    }
    lines.push(text.slice(Math.min(end, begin + (width ?? spaces)), end));
    source.moveTo(stop === -1 ? text.length : stop + 1);
    source.lineStart = source.at;
  }
  return lines;
}

/** Lines become one, but for empty lines and around lines that are indented more. */
function foldLines(lines: readonly string[]): string {
  const parts: string[] = [];
  let empty = 0;
  let before: 'nothing' | 'usual' | 'deeper' = 'nothing';
  for (const line of lines) {
    if (line === '') {
      empty += 1;
      continue;
    }
    const now = line.startsWith(' ') || line.startsWith('\t') ? 'deeper' : 'usual';
    const joined = before === 'usual' && now === 'usual';
    const ends = before === 'nothing' || (joined && empty > 0) ? empty : empty + 1;
    parts.push(joined && empty === 0 ? ' ' : '\n'.repeat(ends), line);
    before = now;
    empty = 0;
  }
  return parts.join('');
}
