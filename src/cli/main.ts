#!/usr/bin/env node
import { Command } from 'commander';

/** A command is loaded when it is its turn: what talks to the database costs a third of a second that `explain` need not pay. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand(),
  migrate: async () => (await import('./migrate.ts')).migrateCommand(),
  pause: async () => (await import('./pause.ts')).pauseCommand(),
  resume: async () => (await import('./pause.ts')).resumeCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  keys: async () => (await import('./keys.ts')).keysCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  'tag-query': async () => (await import('./tag-query.ts')).tagQueryCommand(),
  config: async () => (await import('./config.ts')).configCommand(),
};

const program = new Command('plumbline')
  .description('Plans and applies Terraform and OpenTofu from GitHub pull requests.')
  .showHelpAfterError('(plumbline --help says what there is)');
const [asked = ''] = process.argv.slice(2);
// Help and a word that is no command want to know all of them.
for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
  const load = COMMANDS[name];
  if (load !== undefined) {
    program.addCommand(await load());
  }
}

// A reader that has seen enough (`| head`) is no error of ours.
process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  // A file that cannot be read and the like: the message is for people, the stack is not.
  console.error(error instanceof Error ? error.message : 'unknown failure');
  process.exitCode = 1;
}
