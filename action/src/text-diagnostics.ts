import { posix } from 'node:path';

export interface TextDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly file?: string;
  readonly line?: number;
}

const MOST = 200;
const LONGEST = 4_000;
const START = /^(?:[│╷╵]\s?)?(Error|Warning): (.*)$/;
const PLACE = /^ {2}on (.+?) line (\d+)(?:, in (.+))?:$/;
const WITH = /^ {2}with (.+),$/;
/** The engine quotes the source below the place: two numbers of lines, a colon, code. It stays in the log. */
const QUOTE = /^ {2,}\d+: |^ {4}[├│]|^ {4}/;

/**
 * Reads the diagnostics out of what `init` and `plan` print with `-no-color`. Lines of source that the engine quotes are
 * left out: the service never sees code.
 */
export function textDiagnostics(output: string): readonly TextDiagnostic[] {
  const found: TextDiagnostic[] = [];
  let current: string[] | null = null;
  const finish = () => {
    if (current !== null && found.length < MOST) {
      found.push(oneDiagnostic(current));
    }
    current = null;
  };
  for (const raw of output.split(/\r?\n/)) {
    const line = raw.replace(/^[│╷╵] ?/, '');
    if (START.test(line)) {
      finish();
      current = [line];
    } else if (current !== null && raw.startsWith('╵')) {
      finish();
    } else {
      (current as string[] | null)?.push(line);
    }
  }
  finish();
  return found;
}

function oneDiagnostic(lines: readonly string[]): TextDiagnostic {
  const [, severity, first] = START.exec(lines[0] ?? '') ?? [];
  let place: RegExpExecArray | null = null;
  let address: string | undefined;
  const detail: string[] = [];
  for (const line of lines.slice(1)) {
    const withAddress = WITH.exec(line);
    const here: RegExpExecArray | null = place === null ? PLACE.exec(line) : null;
    if (here !== null) {
      place = here;
    } else if (withAddress !== null && place === null) {
      address = withAddress[1];
    } else if (!(place !== null && detail.every((text) => text === '') && QUOTE.test(line))) {
      detail.push(line);
    }
  }
  const text = detail.join('\n').trim().slice(0, LONGEST);
  const file = place?.[1];
  return {
    severity: severity === 'Error' ? 'error' : 'warning',
    summary: (first ?? '').trim().slice(0, LONGEST),
    ...(text === '' ? {} : { detail: text }),
    ...(address === undefined ? {} : { address: address.slice(0, 1_000) }),
    ...(file === undefined || !isInside(file) ? {} : { file: posix.normalize(file), line: Number(place?.[2]) }),
  };
}

/** Places outside of the dirspace (a module's cache, an absolute path) tell nobody anything. */
function isInside(file: string): boolean {
  return file.length < 1_000 && !posix.isAbsolute(file);
}
