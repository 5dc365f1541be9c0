import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { HANDLED_EVENTS } from '../../src/github/payload-to-event.ts';

const root = new URL('../../', import.meta.url);
const manifest: { default_permissions: Record<string, string>; default_events: string[] } = parse(
  readFileSync(new URL('app.yml', root), 'utf8'),
);
const page = readFileSync(new URL('docs/permissions.md', root), 'utf8');

/** The rows of the table under a heading, without its head: each a list of cells. */
function tableUnder(heading: string): string[][] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`|`$/g, '')),
    );
}

describe('the manifest, its documentation and the code', () => {
  const permissions = tableUnder('Permissions');
  const events = tableUnder('Events');

  it('name the same permissions at the same level', () => {
    const documented = Object.fromEntries(permissions.map(([name, level]) => [name, level]));
    expect(documented).toEqual(manifest.default_permissions);
  });

  it('give a reason for each permission and event', () => {
    for (const row of [...permissions, ...events]) {
      expect(row.at(-1)?.length, row[0]).toBeGreaterThan(8);
    }
  });

  it('subscribe to what is documented as subscribed', () => {
    const subscribed = events.filter(([, sent]) => sent === 'subscribed').map(([name]) => name);
    expect(subscribed.sort()).toEqual([...manifest.default_events].sort());
  });

  it('handle every event that is sent, and no other', () => {
    expect(events.map(([name]) => name).sort()).toEqual([...HANDLED_EVENTS].sort());
  });

  it('ask for no event that GitHub sends anyway, since such a manifest is refused', () => {
    const always = events.filter(([, sent]) => sent === 'always').map(([name]) => name);
    expect(always.sort()).toEqual(['installation', 'installation_repositories']);
  });

  it('ask to write only what is written', () => {
    const written = permissions.filter(([, level]) => level === 'write').map(([name]) => name);
    expect(written.sort()).toEqual(['actions', 'checks', 'issues', 'pull_requests']);
  });
});
