import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { PROTOCOL } from '../../src/protocol/messages.ts';
import { hasTerraform } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, STRANGER, startStage } from './stage.ts';

/** What GitHub's and our own secrets look like, wherever in a line they stand. */
const SECRETS: readonly RegExp[] = [
  /gh[oprsu]_[A-Za-z0-9]/,
  /-----BEGIN/,
  // The first two parts of any JWT.
  /eyJ[\w-]{8,}\.eyJ/,
  /bearer\s+\S/i,
  /authorization/i,
  /x-access-token/,
];

it.skipIf(!hasTerraform)(
  'the log of a whole pull request, at its most talkative, holds no secret',
  async () => {
    let text = '';
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk);
        done();
      },
    });
    const stage = await startStage({ log: pino({ level: 'trace', base: null }, sink), roots: ['network'] });
    try {
      const { world, repository, rootModule, service } = stage;
      const files = { 'network/main.tf': rootModule('network', 'two') };
      const pull = await world.openPullRequest(repository, { author: AUTHOR, files });
      await world.waitFor(
        () => stage.commentsOf(pull).find((body) => body.includes('terraform_data.this')),
        'a plan',
        60_000,
      );
      world.comment(repository, pull.number, STRANGER, 'plumbline apply');
      await decided(stage, 'permission-missing');
      await fetch(`${service.url}/runner/v1/claim`, {
        method: 'POST',
        headers: { authorization: 'Bearer eyJhbGciOiJub25l.eyJpc3MiOiJ4In0.c2ln', 'content-type': 'application/json' },
        body: JSON.stringify({ protocol: PROTOCOL, run: '00000000-0000-4000-8000-000000000000' }),
      });
      await fetch(`${service.url}/webhooks/github`, {
        method: 'POST',
        body: '{}',
        headers: { 'x-hub-signature-256': 'x' },
      });
      await world.review(repository, pull, REVIEWER, 'APPROVED');
      world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
      await world.waitFor(() => stage.commentsOf(pull).find((body) => body.includes('applied')), 'the apply', 60_000);
      await world.merge(repository, pull, AUTHOR);
      await decided(stage, 'pull-merged');
      const { PRIVATE_KEY, WEBHOOK_SECRET } = world.serviceEnvironment();
      for (const secret of [PRIVATE_KEY, WEBHOOK_SECRET]) {
        expect(secret?.length).toBeGreaterThan(10);
        expect(text).not.toContain(secret);
      }
    } finally {
      await stage.close();
    }
    expect(text.split('\n').length).toBeGreaterThan(10);
    expect(SECRETS.flatMap((secret) => text.split('\n').filter((line) => secret.test(line)))).toEqual([]);
  },
  150_000,
);
