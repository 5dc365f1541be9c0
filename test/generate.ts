import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import bundle from '../rolldown.config.ts';
import { configDocs } from '../src/config/config-docs.ts';
import { reasonsDoc } from '../src/decision/reasons-doc.ts';

/** Everything in the repository that is made from code; `.ci/run` checks that it is current. */
const root = join(import.meta.dirname, '..');
for (const { path, text } of [...configDocs(), { path: 'docs/reasons.md', text: reasonsDoc() }]) {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
const made = await rolldown(bundle);
await made.write(Array.isArray(bundle.output) ? bundle.output[0] : bundle.output);
await made.close();
