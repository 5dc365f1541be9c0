import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isOpaquePlan, readPlanZip, zipEntries } from '../../action/src/plan-zip.ts';
import { zip } from './zip-file.ts';

it.each([0, 8] as const)('reads state and lock file of a plan, with compression method %i', (method) => {
  const file = zip({ tfplan: 'x', tfstate: '{"serial":3}', '.terraform.lock.hcl': 'provider' }, method);
  expect(readPlanZip(file)).toEqual({ tfstate: '{"serial":3}', lockFile: 'provider' });
});

it('answers null for what is not in the archive', () => {
  expect(readPlanZip(zip({ tfplan: 'x' }))).toEqual({ tfstate: null, lockFile: null });
});

it('finds every entry that was written', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name.isWellFormed()),
        fc.string().filter((text) => text.isWellFormed()),
        { maxKeys: 5 },
      ),
      (entries) => {
        const file = zip(entries);
        for (const [name, text] of Object.entries(entries)) {
          expect(zipEntries(file).get(name)?.().toString('utf8')).toBe(text);
        }
      },
    ),
  );
});

/** `whole` with a number of two bytes written at a place counted from its end. */
const withNumber = (whole: Buffer, fromEnd: number, value: number): Buffer => {
  const bytes = Buffer.from(whole);
  bytes.writeUInt16LE(value, bytes.length - fromEnd);
  return bytes;
};

it.each<readonly [string, (whole: Buffer) => Buffer]>([
  ['with bytes before it', (whole) => Buffer.concat([Buffer.from('{"a":1}'), whole])],
  ['with bytes after it', (whole) => Buffer.concat([whole, Buffer.from('x')])],
  ['with a comment', (whole) => Buffer.concat([withNumber(whole, 2, 1), Buffer.from('c')])],
  ['that lists less than it has', (whole) => withNumber(withNumber(whole, 12, 1), 14, 1)],
  ['in several parts', (whole) => withNumber(whole, 18, 1)],
  ['with a name twice', (whole) => Buffer.from(whole.toString('latin1').replaceAll('b.tf', 'a.tf'), 'latin1')],
  [
    'with a size that is not true',
    (whole) => withNumber(whole, whole.length - whole.indexOf('PK\u0001\u0002') - 24, 9),
  ],
])('does not read an archive %s, in which an engine might see something else', (_, change) => {
  const whole = zip({ 'a.tf': 'one', 'b.tf': 'two' });
  expect(zipEntries(whole).size).toBe(2);
  const changed = change(whole);
  expect(() => [...zipEntries(changed).values()].map((bytes) => bytes())).toThrow('not a plan file');
  expect(isOpaquePlan(changed)).toBe(false);
});

it('knows plan files of which only the engine can tell', () => {
  expect(isOpaquePlan(Buffer.from('{"meta":{},"encrypted_data":"x"}'))).toBe(true);
  expect(isOpaquePlan(Buffer.from('{"not": json'))).toBe(false);
  expect(isOpaquePlan(zip({}))).toBe(false);
});

it('throws an ordinary error on damaged archives, and never reads beyond them', () => {
  const whole = zip({ tfstate: '{"serial":3}', other: 'y' });
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const bytes = Buffer.from(whole.subarray(0, length));
      if (at < length) {
        bytes.writeUInt8(byte, at);
      }
      try {
        readPlanZip(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
