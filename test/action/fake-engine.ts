import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** One start of the fake engine, as it saw it. */
export interface EngineStart {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdinBytes: number;
}

/**
 * A `terraform` that writes down how it was started. `FAKE_PLAN` says what `plan` does: `none` (no changes), `changes`,
 * `big` (a plan file above the limit), `hang` (stops at SIGINT), `deaf` (does not stop), `exit-7`.
 */
export function makeFakeEngine(dir: string): { readonly path: string; readonly starts: () => readonly EngineStart[] } {
  const bin = join(dir, 'bin');
  const journal = join(dir, 'starts.jsonl');
  mkdirSync(bin, { recursive: true });
  writeFileSync(journal, '');
  writeFileSync(join(bin, 'terraform'), `#!${process.execPath}\n${SCRIPT.replace('JOURNAL', JSON.stringify(journal))}`);
  chmodSync(join(bin, 'terraform'), 0o755);
  return {
    path: [bin, process.env.PATH].join(delimiter),
    starts: () =>
      readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line): EngineStart => JSON.parse(line)),
  };
}

const SCRIPT = `
const fs = require('node:fs');
const args = process.argv.slice(2);
const stdinBytes = fs.readFileSync(0).length;
fs.appendFileSync(JOURNAL, JSON.stringify({ args, env: process.env, cwd: process.cwd(), stdinBytes }) + '\\n');
const show = { format_version: '1.2', terraform_version: '9.9.9', resource_changes: [] };
switch (args[0]) {
  case 'version':
    console.log(JSON.stringify({ terraform_version: '9.9.9' }));
    break;
  case 'show':
    console.log(JSON.stringify(show));
    break;
  case 'plan': {
    const file = args.find((arg) => arg.startsWith('-out=')).slice(5);
    fs.writeFileSync(file, 'not a zip');
    switch (process.env.FAKE_PLAN) {
      case 'changes':
        process.exitCode = 2;
        break;
      case 'big':
        fs.truncateSync(file, 33 * 1024 * 1024);
        process.exitCode = 2;
        break;
      case 'exit-7':
        console.log('something odd, and pass-word-1234');
        process.exitCode = 7;
        break;
      case 'hang':
      case 'deaf': {
        const wait = setInterval(() => undefined, 1000);
        process.on('SIGINT', () => {
          console.log('interrupted');
          if (process.env.FAKE_PLAN === 'hang') {
            clearInterval(wait);
            process.exitCode = 1;
          }
        });
        process.on('SIGTERM', () => undefined);
        console.log('planning now');
        break;
      }
    }
  }
}
`;
