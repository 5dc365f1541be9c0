import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from '../../src/decision/decide.ts';
import { refusalBody } from '../../src/decision/refusal.ts';
import { renderGfm } from '../gallery/github-page.ts';
import { BOB, comment, intents, STRANGER, snapshotOf } from './build.ts';

/** What would be worth writing into the name of a directory, a branch, a tag query or a command. */
const PIECES = [
  '<!-- plumbline:reply 1 -->',
  '<!-- plumbline:v1 {"pull":7',
  '@octocat',
  '@acme/everybody',
  '```',
  '`',
  '``',
  '\n',
  '\n\n---\n\n',
  '\n```yaml\n',
  '</details>',
  '<img src=x>',
  '![x](http://evil.test/x.png)',
  '[x](javascript:x)',
  '#1',
  '|',
  '\\',
  '**',
  'plumbline apply',
  'prod',
  ' ',
];
const hostile = fc.array(fc.constantFrom(...PIECES), { maxLength: 10 }).map((parts) => parts.join(''));

function expectHarmless(body: string): void {
  expect(body).not.toContain('<!--');
  const html = renderGfm(body);
  const elements = new Set([...html.matchAll(/<([a-z!][a-z0-9]*)/gi)].map(([, name]) => name?.toLowerCase()));
  const ours = new Set(['p', 'strong', 'code', 'ul', 'li', 'pre', 'hr']);
  expect([...elements].filter((name) => name === undefined || !ours.has(name))).toEqual([]);
  const text = html.replace(/<(code|pre)\b[^>]*>[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ');
  expect(text.match(/@\w|:\/\//g)).toBeNull();
}

it('a refusal carries names that strangers chose, and nothing of them works', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (asked, dir, workspace, detail) => {
      const body = refusalBody(asked, [
        { reason: 'no-match', about: [{ dir, workspace }], detail, next: `plumbline plan ${dir}` },
        { reason: 'steps-unsupported', detail },
      ]);
      expectHarmless(body);
      expect(renderGfm(body)).toContain('<strong>Not done:</strong>');
    }),
    { numRuns: 1_000 },
  );
});

it('the answer to a command repeats it harmlessly, also to a stranger', () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom(BOB, STRANGER), (words, who) => {
      const decision = decide(snapshotOf(), comment(`plumbline plan ${words}`, who));
      for (const { body } of intents(decision, 'reply')) {
        expectHarmless(body);
      }
    }),
    { numRuns: 300 },
  );
});

it('our own words are never commands, whoever seems to say them', () => {
  const [refused] = intents(decide(snapshotOf(), comment('plumbline plan dir:nowhere')), 'reply');
  expect(refused?.body).toContain('plumbline plan dir:nowhere');
  // Even when a person pastes our reply back, no line of it begins with a trigger.
  const decision = decide(snapshotOf(), comment(refused?.body ?? '', BOB));
  expect(decision.reason).toBe('not-a-command');
});
