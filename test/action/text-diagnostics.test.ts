import { expect, it } from 'vitest';
import { textDiagnostics } from '../../action/src/text-diagnostics.ts';

it('reads summary, place and detail, and leaves the quoted source out', () => {
  const output = `
Warning: Old thing

  on main.tf line 1, in terraform:
   1: terraform {

Use the new thing.

Error: Reference to undeclared input variable

  on sub/main.tf line 12, in resource "terraform_data" "b":
  12:   input = var.nowhere

An input variable with the name "nowhere" has not been declared.
Did you forget it?

Error: creating thing

  with module.a["x"].aws_thing.b,
  on .terraform/modules/a/main.tf line 3, in resource "aws_thing" "b":
   3: resource "aws_thing" "b" {

no permission
`;
  expect(textDiagnostics(output)).toEqual([
    { severity: 'warning', summary: 'Old thing', detail: 'Use the new thing.', file: 'main.tf', line: 1 },
    {
      severity: 'error',
      summary: 'Reference to undeclared input variable',
      detail: 'An input variable with the name "nowhere" has not been declared.\nDid you forget it?',
      file: 'sub/main.tf',
      line: 12,
    },
    {
      severity: 'error',
      summary: 'creating thing',
      detail: 'no permission',
      address: 'module.a["x"].aws_thing.b',
      file: '.terraform/modules/a/main.tf',
      line: 3,
    },
  ]);
});

it('reads the boxes that are drawn without -no-color, and finds nothing in other text', () => {
  expect(textDiagnostics('╷\n│ Error: No\n│ \n│ because\n╵\nmore\n')).toEqual([
    { severity: 'error', summary: 'No', detail: 'because' },
  ]);
  expect(textDiagnostics('Terraform has been initialized!\n')).toEqual([]);
});
