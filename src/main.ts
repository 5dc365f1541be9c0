import { once } from 'node:events';
import { createLog } from './log.ts';
import { startService } from './service.ts';
import { readSettings, settingsReport } from './settings.ts';

const MIN_NODE_MAJOR = 24;
/** SIGTERM to exit, in milliseconds; a platform kills us soon after. */
const CLOSE_WITHIN_MS = 10_000;

if (Number(process.versions.node.split('.')[0]) < MIN_NODE_MAJOR) {
  console.error(`Plumbline needs Node ${MIN_NODE_MAJOR} or newer; this is ${process.version}.`);
  process.exit(2);
}
const result = readSettings(process.env);
if (!result.ok) {
  console.error(settingsReport(result.problems));
  process.exit(2);
}
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => stop.abort(signal));
}
const log = createLog(result.settings.logLevel);
const service = await startService(result.settings, log);
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
