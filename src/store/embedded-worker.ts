import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import type { EmbeddedAnswer, EmbeddedQuestion, EmbeddedStart } from './embedded-engine.ts';
import { PARSERS } from './values.ts';

// The engine blocks the thread it runs in for as long as a query takes: hence a thread of its own.
const port = parentPort;
const start: EmbeddedStart = workerData;
const engine = new PGlite({
  ...(start.directory === null ? {} : { dataDir: start.directory }),
  ...(start.dump === null ? {} : { loadDataDir: new Blob([new Uint8Array(start.dump)]) }),
  parsers: { ...PARSERS },
});

async function answer(question: EmbeddedQuestion): Promise<EmbeddedAnswer> {
  switch (question.ask) {
    case 'ready':
      await engine.waitReady;
      return { rows: [], affected: null };
    case 'query': {
      const result = await engine.query<Record<string, unknown>>(question.sql, [...question.parameters]);
      return { rows: result.rows, affected: result.affectedRows ?? null };
    }
    case 'dump': {
      const dump = await engine.dumpDataDir('none');
      return { rows: [{ dump: new Uint8Array(await dump.arrayBuffer()) }], affected: null };
    }
    case 'close':
      await engine.close();
      return { rows: [], affected: null };
  }
}

/** The parts of a database error that a caller can act on; error objects lose their extra fields between threads. */
function describe(error: unknown): Record<string, string> {
  const found: Record<string, string> = { message: error instanceof Error ? error.message : String(error) };
  if (typeof error === 'object' && error !== null) {
    for (const [name, value] of Object.entries(error)) {
      if (['code', 'constraint', 'detail', 'table', 'severity'].includes(name) && typeof value === 'string') {
        found[name] = value;
      }
    }
  }
  return found;
}

port?.on('message', (message: { id: number; question: EmbeddedQuestion }) => {
  answer(message.question).then(
    (result) => port.postMessage({ id: message.id, result }),
    (error: unknown) => port.postMessage({ id: message.id, error: describe(error) }),
  );
});
