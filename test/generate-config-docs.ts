import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configDocs } from '../src/config/config-docs.ts';

const root = new URL('../', import.meta.url);
for (const { path, text } of configDocs()) {
  writeFileSync(fileURLToPath(new URL(path, root)), text);
  console.log(path);
}
