import { once } from 'node:events';
import { createLog } from '../log.ts';
import { type Service, startService } from '../service.ts';
import { readSettings, settingsReport } from '../settings.ts';

const MIN_NODE_MAJOR = 24;
/** SIGTERM to exit, in milliseconds; a platform kills us soon after. */
const CLOSE_WITHIN_MS = 10_000;

/**
 * Be the service until a signal ends it. Answers the exit code: 0 after a signal, 1 when it could not start, 2 for bad
 * settings. A service that does not close in time ends the process itself, with 1.
 */
export async function runService(env: Readonly<Record<string, string | undefined>>): Promise<0 | 1 | 2> {
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE_MAJOR) {
    console.error(`Plumbline needs Node ${MIN_NODE_MAJOR} or newer; this is ${process.version}.`);
    return 2;
  }
  const result = readSettings(env);
  if (!result.ok) {
    console.error(settingsReport(result.problems));
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stop.abort(signal));
  }
  const log = createLog(result.settings.logLevel);
  let service: Service;
  try {
    service = await startService(result.settings, log);
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    console.error(`Plumbline could not start: ${error instanceof Error ? error.message : 'unknown failure'}`);
    return 1;
  }
  log.info({ url: service.url, database: service.database.kind }, 'ready');
  if (!stop.signal.aborted) {
    await once(stop.signal, 'abort');
  }
  log.info('closing');
  const late = setTimeout(() => {
    log.error('did not close in time; what was in hand is handled again after the next start');
    process.exit(1);
  }, CLOSE_WITHIN_MS);
  late.unref();
  await service.close();
  clearTimeout(late);
  return 0;
}
