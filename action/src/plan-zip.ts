import { inflateRawSync } from 'node:zlib';

/** What is read of a plan file: it is a zip archive. Texts are null when the entry is not there. */
export interface PlanZip {
  readonly tfstate: string | null;
  readonly lockFile: string | null;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** A comment of 65 535 bytes may follow the end record of 22 bytes. */
const LONGEST_TAIL = 65_557;
const MAX_ENTRIES = 100_000;
/** State snapshots are the largest thing here; anything above is a bomb. */
const MAX_INFLATED = 256 * 1024 * 1024;

/** Reads the two entries by the archive's central directory. Throws `Error` on what is not such an archive. Source: PKWARE APPNOTE 4.3. */
export function readPlanZip(bytes: Buffer): PlanZip {
  return { tfstate: entryText(bytes, 'tfstate'), lockFile: entryText(bytes, '.terraform.lock.hcl') };
}

/** One entry's bytes as UTF-8, or null when there is no entry of that name. */
export function entryText(bytes: Buffer, wanted: string): string | null {
  const end = endRecord(bytes);
  const count = Math.min(bytes.readUInt16LE(end + 10), MAX_ENTRIES);
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    need(bytes, at, 46);
    if (bytes.readUInt32LE(at) !== ENTRY) {
      throw new Error('not a plan file: its directory is damaged');
    }
    const nameLength = bytes.readUInt16LE(at + 28);
    need(bytes, at + 46, nameLength);
    if (bytes.toString('utf8', at + 46, at + 46 + nameLength) === wanted) {
      return inflated(bytes, at).toString('utf8');
    }
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return null;
}

function inflated(bytes: Buffer, entry: number): Buffer {
  const method = bytes.readUInt16LE(entry + 10);
  const size = bytes.readUInt32LE(entry + 20);
  const full = bytes.readUInt32LE(entry + 24);
  const local = bytes.readUInt32LE(entry + 42);
  need(bytes, local, 30);
  if (bytes.readUInt32LE(local) !== LOCAL || full > MAX_INFLATED) {
    throw new Error('not a plan file: an entry is damaged');
  }
  // The local header has name and extra field of its own; sizes may stand only in the directory.
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  need(bytes, start, size);
  const data = bytes.subarray(start, start + size);
  if (method === 0) {
    return data;
  }
  if (method !== 8) {
    throw new Error(`not a plan file: compression method ${method}`);
  }
  return inflateRawSync(data, { maxOutputLength: MAX_INFLATED });
}

function endRecord(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - LONGEST_TAIL); at -= 1) {
    if (bytes.readUInt32LE(at) === END) {
      return at;
    }
  }
  throw new Error('not a plan file: it has no zip directory');
}

function need(bytes: Buffer, at: number, length: number): void {
  if (at + length > bytes.length) {
    throw new Error('not a plan file: it ends early');
  }
}
