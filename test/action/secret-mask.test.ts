import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openRunLog } from '../../action/src/run-log.ts';
import { maskDeep, secretMask } from '../../action/src/secret-mask.ts';

it('finds secrets by the name of their variable, in every form in which they are printed', () => {
  const value = 'line-one "q"\nline-two-long';
  const { mask } = secretMask({ DB_PASSWORD: value, AWS_REGION: 'eu-central-1', KEY_NAME: 'not-a-secret' }, [
    'run-token-1',
  ]);
  expect(mask(`a ${value} b`)).toBe('a *** b');
  expect(mask(JSON.stringify({ value }))).toBe('{"value":"***"}');
  expect(mask(Buffer.from(value).toString('base64'))).toBe('***');
  expect(mask('only line-two-long here')).toBe('only *** here');
  expect(mask('run-token-1 eu-central-1 not-a-secret')).toBe('*** eu-central-1 not-a-secret');
});

it('leaves short values alone: masking `1` or `true` wrecks the text', () => {
  expect(secretMask({ A_TOKEN: 'true', B_SECRET: '1' }, ['']).mask('true 1')).toBe('true 1');
});

it('masks a secret that contains another as a whole', () => {
  expect(secretMask({}, ['abcdefgh', 'xxabcdefghxx']).mask('xxabcdefghxx abcdefgh')).toBe('*** ***');
});

it('lets no split of the output through to the log', () => {
  const secret = 'very-secret-value';
  const text = `before ${secret} after\n`;
  for (let at = 0; at <= text.length; at += 1) {
    let written = '';
    const log = openRunLog((part) => (written += part), { inActions: false, mask: secretMask({}, [secret]).mask });
    const group = log.open('x', true);
    group.add(text.slice(0, at));
    group.add(text.slice(at));
    group.end();
    expect(written).toBe('before *** after\n');
  }
});

it('keeps the shape of what it masks', () => {
  const { mask } = secretMask({}, ['very-secret-value']);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.stringify(maskDeep(value, mask))).toBe(JSON.stringify(value));
    }),
  );
});
