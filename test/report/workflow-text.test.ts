import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { workflowText } from '../../src/report/workflow-text.ts';

it('the workflow that people are told to add is the one in this repository, with the address of their server', () => {
  const file = readFileSync(new URL('../../.github/workflows/plumbline.yml', import.meta.url), 'utf8');
  expect(workflowText('https://plumbline.example.com')).toBe(file);
  expect(workflowText('https://tf.acme.dev')).toContain('server: https://tf.acme.dev');
});
