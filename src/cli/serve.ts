import { Command } from 'commander';

/** `plumbline serve`: be the service until a signal ends it. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the service; settings come from the environment, see .env.example')
    .action(async () => {
      // Loaded only here: the other commands have no use for half of the service.
      const { runService } = await import('./run-service.ts');
      process.exitCode = await runService(process.env);
    });
}
