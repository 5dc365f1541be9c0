import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plannedBackend } from '../../action/src/plan-backend.ts';

const varint = (value: number): Buffer =>
  value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value % 128) + 128]), varint(Math.floor(value / 128))]);
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
};
const number = (field_: number, value: number) => Buffer.concat([varint(field_ * 8), varint(value)]);
const backend = (...parts: readonly Buffer[]) => field(13, Buffer.concat(parts));
const S3 = [field(1, 's3'), field(2, field(1, packed({ bucket: 'b', key: null }))), field(3, 'default')];

/** MessagePack of a JSON value, each in its longest form or its shortest. */
function packed(value: unknown, long = false): Buffer {
  const head = (short: number, most: number, full: number, length: number) =>
    !long && length <= most ? Buffer.from([short + length]) : Buffer.from([full, 0, 0, length >> 8, length % 256]);
  if (value === null || typeof value === 'boolean') {
    return Buffer.from([value === null ? 0xc0 : value ? 0xc3 : 0xc2]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return long || !Number.isInteger(value) || value < -32 || value > 127 ? bytes : Buffer.from([value & 0xff]);
  }
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([head(0xa0, 31, 0xdb, bytes.length), bytes]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([head(0x90, 15, 0xdd, value.length), ...value.map((entry) => packed(entry, long))]);
  }
  const entries = Object.entries(value ?? {});
  return Buffer.concat([
    head(0x80, 15, 0xdf, entries.length),
    ...entries.flatMap(([key, entry]) => [packed(key, long), packed(entry, long)]),
  ]);
}

it('reads where a plan has its state, between all other parts of it', () => {
  const plan = Buffer.concat([
    number(1, 3),
    field(3, 'changes'),
    backend(...S3),
    field(3, 'more'),
    number(25, 1),
    field(14, '1.9'),
  ]);
  expect(plannedBackend(plan)).toEqual({ type: 's3', config: { bucket: 'b', key: null }, workspace: 'default' });
});

it('reads settings of every form', () => {
  // JSON has no minus zero, and neither has a setting.
  const numbers = fc.double({ noNaN: true }).map((value) => value + 0);
  const scalar = fc.oneof(fc.string(), fc.integer(), numbers, fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.oneof(scalar, fc.array(scalar), fc.dictionary(fc.string(), scalar))),
      fc.boolean(),
      (config, long) => {
        const settings = field(2, field(1, packed(config, long)));
        expect(plannedBackend(backend(field(1, 'x'), settings, field(3, 'w'))).config).toEqual(config);
      },
    ),
  );
});

it.each([
  ['names none', Buffer.concat([number(1, 3)])],
  ['names two', Buffer.concat([backend(...S3), backend(field(1, 'http'))])],
  ['names two kinds in one', backend(...S3, field(1, 'http'))],
  ['names settings twice', backend(...S3, field(2, field(1, packed({}))))],
  [
    'names a setting twice',
    backend(
      field(1, 's'),
      field(2, field(1, Buffer.concat([Buffer.from([0x82]), packed('a'), packed(1), packed('a'), packed(2)]))),
      field(3, 'w'),
    ),
  ],
  [
    'has something behind the settings',
    backend(field(1, 's'), field(2, field(1, Buffer.concat([packed({}), packed(1)]))), field(3, 'w')),
  ],
  [
    'has settings that are not known',
    backend(field(1, 's'), field(2, field(1, Buffer.from([0xd4, 0, 0]))), field(3, 'w')),
  ],
  ['has a state store as well', Buffer.concat([backend(...S3), field(29, 'x')])],
  ['has groups', Buffer.from([0x0b, 0x0c])],
  ['ends early', backend(...S3).subarray(0, -3)],
])('does not read a plan that %s', (_, plan) => {
  expect(() => plannedBackend(plan)).toThrow(Error);
});

it('throws an ordinary error on anything', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        plannedBackend(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
