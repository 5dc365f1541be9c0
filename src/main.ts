import { runService } from './cli/run-service.ts';

process.exitCode = await runService(process.env);
