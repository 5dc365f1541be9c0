/**
 * Writes `test/fixtures/github/*.json`: the parts of GitHub's published API description that the world plays, as JSON
 * Schema, derived from the type packages GitHub's own tools are generated from. Run: `node test/world-tests/generate-schemas.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type JsonSchema, schemaFromType, schemaSources } from './schema-from-types.ts';

export const REST_SCHEMAS = [
  'branch-protection',
  'check-run',
  'commit',
  'commit-comparison',
  'content-file',
  'diff-entry',
  'environment',
  'full-repository',
  'git-tree',
  'hook-delivery-item',
  'installation',
  'installation-token',
  'integration',
  'issue',
  'issue-comment',
  'job',
  'label',
  'pull-request',
  'pull-request-merge-result',
  'pull-request-review',
  'pull-request-simple',
  'reaction',
  'repository',
  'repository-collaborator-permission',
  'repository-rule-detailed',
  'simple-user',
  'status',
  'team-membership',
  'workflow',
  'workflow-dispatch-response',
  'workflow-run',
] as const;

export const WEBHOOK_SCHEMAS = [
  'check-run-completed',
  'check-run-created',
  'check-run-requested-action',
  'check-run-rerequested',
  'installation-created',
  'installation-deleted',
  'installation-repositories-added',
  'installation-suspend',
  'issue-comment-created',
  'issue-comment-edited',
  'issues-closed',
  'issues-opened',
  'member-added',
  'membership-added',
  'merge-group-checks-requested',
  'merge-group-destroyed',
  'pull-request-closed',
  'pull-request-edited',
  'pull-request-labeled',
  'pull-request-opened',
  'pull-request-ready-for-review',
  'pull-request-reopened',
  'pull-request-review-dismissed',
  'pull-request-review-submitted',
  'pull-request-synchronize',
  'push',
  'repository-renamed',
  'workflow-job-completed',
  'workflow-job-in-progress',
  'workflow-job-queued',
  'workflow-job-waiting',
  'workflow-run-completed',
  'workflow-run-in-progress',
  'workflow-run-requested',
] as const;

const NOTICE =
  'Derived from GitHub’s OpenAPI description (MIT, Copyright GitHub) by way of @octokit/openapi-types and @octokit/openapi-webhooks-types (MIT, Copyright Octokit contributors). See LICENSE.md.';

function generate(source: string, roots: readonly string[], target: string): void {
  const sources = schemaSources(
    readFileSync(fileURLToPath(new URL(`../../node_modules/@octokit/${source}/types.d.ts`, import.meta.url)), 'utf8'),
  );
  const definitions: Record<string, JsonSchema> = {};
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const text = sources.get(name);
    if (text === undefined) {
      throw new Error(`${source} has no schema ${name}`);
    }
    if (definitions[name] === undefined) {
      definitions[name] = schemaFromType(text);
      open.push(...references(definitions[name]));
    }
  }
  const sorted = Object.fromEntries(Object.entries(definitions).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const path = fileURLToPath(new URL(`../fixtures/github/${target}`, import.meta.url));
  const lines = Object.entries(sorted).map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`);
  writeFileSync(path, `{"$comment":${JSON.stringify(NOTICE)},"definitions":{\n${lines.join(',\n')}\n}}\n`);
}

function references(value: unknown): readonly string[] {
  return [...JSON.stringify(value).matchAll(/"#\/definitions\/([^"]+)"/g)].map((match) => match[1] ?? '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  generate('openapi-types', REST_SCHEMAS, 'rest-schemas.json');
  generate(
    'openapi-webhooks-types',
    WEBHOOK_SCHEMAS.map((one) => `webhook-${one}`),
    'webhook-schemas.json',
  );
}
