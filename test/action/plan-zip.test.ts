import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entryText, readPlanZip } from '../../action/src/plan-zip.ts';

/** A zip as Go's archive/zip writes it: sizes in the directory alone, after the data. */
function zip(entries: Readonly<Record<string, string>>, method: 0 | 8 = 8): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(entries)) {
    const label = Buffer.from(name);
    const full = Buffer.from(text);
    const data = method === 8 ? deflateRawSync(full) : full;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(label.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(full.length, 24);
    entry.writeUInt16LE(label.length, 28);
    entry.writeUInt32LE(at, 42);
    parts.push(local, label, data);
    directory.push(entry, label);
    at += 30 + label.length + data.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

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
          expect(entryText(file, name)).toBe(text);
        }
      },
    ),
  );
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
