import { expect, it } from 'vitest';
import { type Command, runCommand } from '../../action/src/run-command.ts';

function node(script: string, change: Partial<Command> = {}): Command {
  return {
    program: process.execPath,
    args: ['-e', script],
    cwd: '/',
    env: {},
    timeoutMs: 20_000,
    graceMs: 10_000,
    cancel: new AbortController().signal,
    ...change,
  };
}

it('answers with code and output, and closes standard input', async () => {
  const exit = await runCommand(
    node('process.stdin.resume().on("end", () => { console.log("out"); console.error("err"); process.exitCode = 3 })'),
  );
  expect(exit).toMatchObject({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
    stopped: null,
    killed: false,
    startError: null,
  });
});

it('kills what neither SIGINT nor SIGTERM stops, with everything that it started', async () => {
  const script =
    'process.on("SIGINT", () => 0); process.on("SIGTERM", () => process.kill(process.pid, "SIGKILL")); setInterval(() => 0, 1000)';
  const exit = await runCommand(node(script, { timeoutMs: 300, graceMs: 50 }));
  expect(exit).toMatchObject({ code: null, stopped: 'timeout', killed: true });
});

it('sends one SIGINT on cancel and lets the program finish', async () => {
  const cancel = new AbortController();
  const script =
    'let n = 0; const wait = setInterval(() => 0, 1000); process.on("SIGINT", () => { n += 1; console.log("int", n); setTimeout(() => clearInterval(wait), 50) }); console.log("ready")';
  const exit = await runCommand(
    node(script, { cancel: cancel.signal, onText: (text) => text.includes('ready') && cancel.abort() }),
  );
  expect(exit).toMatchObject({ code: 0, stopped: 'cancelled', killed: false, stdout: 'ready\nint 1\n' });
});

it('says why a program could not be started', async () => {
  expect((await runCommand(node('', { program: '/no/such/program' }))).startError).toContain('ENOENT');
  expect((await runCommand(node('', { args: ['a\u0000b'] }))).startError).toContain('NUL');
});

it('gives whole lines, and keeps only the end of what is too long', async () => {
  const lines: string[] = [];
  const exit = await runCommand(
    node('for (let i = 0; i < 1000; i += 1) console.log("line " + i); process.stdout.write("rest")', {
      keep: 100,
      onLine: (line) => lines.push(line),
    }),
  );
  expect(lines).toHaveLength(1001);
  expect(lines.at(-1)).toBe('rest');
  expect(exit.stdout.endsWith('line 999\nrest')).toBe(true);
});

it('does not wait for what a program leaves behind with its output open', async () => {
  const script =
    'const { spawn } = require("node:child_process"); const left = spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)"], { detached: true, stdio: "inherit" }); left.unref(); console.log(left.pid)';
  const exit = await runCommand(node(script));
  expect(exit).toMatchObject({ code: 0, stopped: null, killed: false });
  process.kill(Number(exit.stdout), 'SIGKILL');
});
