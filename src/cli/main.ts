#!/usr/bin/env node
import { Command } from 'commander';
import { auditCommand } from './audit.ts';
import { configCommand } from './config.ts';
import { explainCommand } from './explain.ts';
import { keysCommand } from './keys.ts';
import { migrateCommand } from './migrate.ts';
import { pauseCommand, resumeCommand } from './pause.ts';
import { serveCommand } from './serve.ts';
import { tagQueryCommand } from './tag-query.ts';

const program = new Command('plumbline')
  .description('Plans and applies Terraform and OpenTofu from GitHub pull requests.')
  .showHelpAfterError('(plumbline --help says what there is)')
  .addCommand(serveCommand())
  .addCommand(migrateCommand())
  .addCommand(pauseCommand())
  .addCommand(resumeCommand())
  .addCommand(auditCommand())
  .addCommand(keysCommand())
  .addCommand(explainCommand())
  .addCommand(tagQueryCommand())
  .addCommand(configCommand());

// A reader that has seen enough (`| head`) is no error of ours.
process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  // A file that cannot be read and the like: the message is for people, the stack is not.
  console.error(error instanceof Error ? error.message : 'unknown failure');
  process.exitCode = 1;
}
