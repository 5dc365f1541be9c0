import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { galleryPage } from './github-page.ts';
import { STATES } from './states.ts';

/** Writes every state to Markdown and to one page. `--golden` also rewrites the golden files, to be read before they are committed. */
const gallery = new URL('../../.cache/gallery/', import.meta.url);
const golden = new URL('../golden/report/', import.meta.url);
const rewrite = process.argv.includes('--golden');

await mkdir(gallery, { recursive: true });
await mkdir(golden, { recursive: true });
const rendered = STATES.map((state) => ({ ...state, markdown: state.markdown() }));
for (const state of rendered) {
  await writeFile(new URL(`${state.name}.md`, gallery), state.markdown);
  if (rewrite && state.golden) {
    await writeFile(new URL(`${state.name}.md`, golden), `${state.markdown}\n`);
  }
}
const page = new URL('index.html', gallery);
await writeFile(page, galleryPage(rendered));
console.log(`${rendered.length} states in ${fileURLToPath(page)}`);
