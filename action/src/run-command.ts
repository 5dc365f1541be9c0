import { spawn } from 'node:child_process';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** After this long the program is asked to stop, in milliseconds. */
  readonly timeoutMs: number;
  /** How long it may take to stop before it is killed, in milliseconds. Long for an apply: it has state to write. */
  readonly graceMs: number;
  /** Aborted: the program gets one SIGINT and may finish; it is not killed for it. */
  readonly cancel: AbortSignal;
  /** Standard output and error as they come, for the log. */
  readonly onText?: (text: string) => void;
  /** Each line of standard output, without its end. */
  readonly onLine?: (line: string) => void;
  /** Most characters kept of each of the two streams; beyond it the beginning is dropped. Default 4 Mi. */
  readonly keep?: number;
  /** Text for standard input; without it there is nothing to read. */
  readonly input?: string;
}

/** How a program ended. `stopped`: why we asked it to. `killed`: it had to be killed, so what it did is not known. */
export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stopped: 'timeout' | 'cancelled' | null;
  readonly killed: boolean;
  /** True when a stream was longer than `keep`. */
  readonly cut: boolean;
  /** The program could not be started: the system's reason. */
  readonly startError: string | null;
}

const KEEP = 4 * 1024 * 1024;
const KILL_AFTER_TERM_MS = 5_000;
const PIPES_AFTER_EXIT_MS = 2_000;
const MAX_LINE = 1024 * 1024;

/**
 * Starts a program with an argument list, never a shell; standard input is closed. It has a process group of its own, so
 * that a Ctrl-C or the job's cancellation reaches it once, through us: a second SIGINT makes terraform drop its state.
 */
export async function runCommand(command: Command): Promise<Exit> {
  const bad = [command.program, ...command.args, command.cwd].some((text) => text.includes('\u0000'));
  if (bad) {
    return notStarted('an argument contains a NUL character');
  }
  const options = { cwd: command.cwd, env: command.env, detached: true, shell: false, windowsHide: true } as const;
  const child =
    command.input === undefined
      ? spawn(command.program, [...command.args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn(command.program, [...command.args], { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  // A program that does not read its input, or is gone before it has, is no failure of ours.
  child.stdin?.on('error', () => undefined).end(command.input);
  let stopped: Exit['stopped'] = null;
  let killed = false;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, action: () => void) => timers.push(setTimeout(action, ms));

  function onTimeout(): void {
    stopped ??= 'timeout';
    child.kill('SIGINT');
    later(command.graceMs, () => {
      killed = true;
      child.kill('SIGTERM');
      later(KILL_AFTER_TERM_MS, killGroup);
    });
  }
  function killGroup(): void {
    if (child.pid !== undefined) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group is gone already; that is what was wanted.
      }
    }
    closePipes();
  }
  /** What the program left behind may hold the pipes open for ever; its output is nobody's any more. */
  function closePipes(): void {
    child.stdout.destroy();
    child.stderr.destroy();
  }
  function onCancel(): void {
    if (stopped === null) {
      stopped = 'cancelled';
      child.kill('SIGINT');
    }
  }

  const stdout = openTail(command.keep ?? KEEP);
  const stderr = openTail(command.keep ?? KEEP);
  const lines = command.onLine === undefined ? null : openLines(command.onLine);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout.add(text);
    lines?.add(text);
    command.onText?.(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr.add(text);
    command.onText?.(text);
  });
  later(command.timeoutMs, onTimeout);
  command.cancel.addEventListener('abort', onCancel, { once: true });
  if (command.cancel.aborted) {
    onCancel();
  }
  try {
    const ended = Promise.withResolvers<{ readonly code: number | null; readonly startError: string | null }>();
    child.once('error', (error) => ended.resolve({ code: null, startError: error.message }));
    child.once('exit', () => later(PIPES_AFTER_EXIT_MS, closePipes));
    child.once('close', (code) => ended.resolve({ code, startError: null }));
    const { code, startError } = await ended.promise;
    lines?.end();
    return {
      code,
      startError,
      stdout: stdout.text(),
      stderr: stderr.text(),
      stopped,
      killed,
      cut: stdout.cut() || stderr.cut(),
    };
  } finally {
    command.cancel.removeEventListener('abort', onCancel);
    for (const timer of timers) {
      clearTimeout(timer);
    }
  }
}

function notStarted(reason: string): Exit {
  return { code: null, stdout: '', stderr: '', stopped: null, killed: false, cut: false, startError: reason };
}

/** Keeps the end of a stream. */
function openTail(keep: number) {
  let parts: string[] = [];
  let length = 0;
  let cut = false;
  return {
    add(text: string): void {
      parts.push(text);
      length += text.length;
      if (length > 2 * keep) {
        const whole = parts.join('').slice(-keep);
        parts = [whole];
        length = whole.length;
        cut = true;
      }
    },
    text: () => parts.join(''),
    cut: () => cut,
  };
}

function openLines(onLine: (line: string) => void) {
  let rest = '';
  return {
    add(text: string): void {
      const pieces = (rest + text).split('\n');
      rest = pieces.pop() ?? '';
      for (const piece of pieces) {
        onLine(piece.endsWith('\r') ? piece.slice(0, -1) : piece);
      }
      // A line without end must not grow for ever; what is this long is no message of the engine.
      if (rest.length > MAX_LINE) {
        rest = '';
      }
    },
    end(): void {
      if (rest !== '') {
        onLine(rest);
      }
    },
  };
}
