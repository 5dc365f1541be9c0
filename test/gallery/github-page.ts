import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

/** Markdown as GitHub would render it, as far as the same grammar goes; HTML is kept, as GitHub keeps what we use. */
export function renderGfm(markdown: string): string {
  return micromark(markdown, 'utf8', { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
}

/** One page with all states, in colours and sizes like GitHub's. */
export function galleryPage(
  states: readonly { readonly name: string; readonly about: string; readonly markdown: string }[],
): string {
  const index = states.map((state) => `<a href="#${state.name}">${state.name}</a>`).join(' ');
  const sections = states.map(
    (state) =>
      `<section id="${state.name}"><h2>${state.name}</h2><p class="about">${state.about}, ${state.markdown.length} characters</p>
<div class="comment markdown-body">${decorate(renderGfm(state.markdown))}</div></section>`,
  );
  return `<!doctype html><meta charset="utf-8"><title>Plumbline gallery</title><style>${CSS}</style><nav>${index}</nav>${sections.join('\n')}`;
}

function decorate(html: string): string {
  return html
    .replace(
      /<pre><code class="language-diff">([\s\S]*?)<\/code><\/pre>/g,
      (_, body: string) => `<pre><code>${diffColours(body)}</code></pre>`,
    )
    .replace(
      /<blockquote>\s*<p>\[!(CAUTION|IMPORTANT|NOTE|WARNING)\]\s*(?:<br\s*\/?>)?/g,
      (_, kind: string) => `<blockquote class="alert ${kind.toLowerCase()}"><b>${kind}</b><p>`,
    );
}

function diffColours(body: string): string {
  return body
    .split('\n')
    .map((line) => {
      const kind = line.startsWith('+') ? 'ins' : line.startsWith('-') ? 'del' : line.startsWith('!') ? 'mod' : '';
      return kind === '' ? line : `<span class="${kind}">${line}</span>`;
    })
    .join('\n');
}

const CSS = `
body { font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif, "Noto Color Emoji"; max-width: 900px; margin: 2em auto; color: #1f2328; }
nav a { margin-right: .6em; } .about { color: #59636e; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; padding: 16px; overflow-wrap: break-word; }
table { border-collapse: collapse; display: block; overflow: auto; max-width: 100%; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; } tr:nth-child(2n) { background: #f6f8fa; }
code { font: 85% ui-monospace, "Liberation Mono", monospace; background: #818b981f; padding: .2em .4em; border-radius: 6px; white-space: break-spaces; }
pre { background: #f6f8fa; padding: 16px; border-radius: 6px; overflow: auto; line-height: 1.45; } pre code { background: none; padding: 0; white-space: pre; }
.ins { color: #116329; background: #dafbe1; } .del { color: #82071e; background: #ffebe9; } .mod { color: #953800; background: #ffd8b5; }
blockquote { margin: 0 0 16px; padding: 0 1em; border-left: .25em solid #d1d9e0; color: #59636e; } .alert { color: inherit; }
.caution { border-color: #cf222e; } .caution > b { color: #d1242f; } .important { border-color: #8250df; } .important > b { color: #8250df; }
details { margin-bottom: 16px; } summary { cursor: pointer; } sub { color: #59636e; } h3 { font-size: 1.25em; margin: 0 0 16px; }
`;
