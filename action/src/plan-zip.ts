import { inflateRawSync } from 'node:zlib';
import { isRecord, parseJson } from '../../src/plans/foreign-json.ts';

/** What is read of a plan file: it is a zip archive. Texts are null when the entry is not there. */
export interface PlanZip {
  readonly tfstate: string | null;
  readonly lockFile: string | null;
}

const END = 0x06054b50;
const END_BYTES = 22;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** State snapshots are the largest thing here; anything above is a bomb. */
const MAX_INFLATED = 256 * 1024 * 1024;

/** Reads the two entries that facts are made of. Throws `Error` on what is not such an archive. */
export function readPlanZip(bytes: Buffer): PlanZip {
  const entries = zipEntries(bytes);
  const text = (name: string) => entries.get(name)?.().toString('utf8') ?? null;
  return { tfstate: text('tfstate'), lockFile: text('.terraform.lock.hcl') };
}

/** A plan that the engine itself encrypted, or that another machine keeps: JSON, in which nothing can be looked up. */
export function isOpaquePlan(bytes: Buffer): boolean {
  return bytes[0] === '{'.charCodeAt(0) && isRecord(parseJson(bytes.toString('utf8')));
}

/**
 * The entries of a plan file by name, inflated when they are asked for. Only archives as engines write them are read: the
 * directory right before the end, no comment, no name twice. In anything else the engine might see other entries than this
 * reader does, and what is checked would not be what is applied. Throws `Error`. Source: PKWARE APPNOTE 4.3.
 */
export function zipEntries(bytes: Buffer): ReadonlyMap<string, () => Buffer> {
  const end = bytes.length - END_BYTES;
  if (end < 0 || bytes.readUInt32LE(end) !== END) {
    throw new Error('not a plan file: it does not end like a zip archive');
  }
  const [disk, directoryDisk, here, count] = [4, 6, 8, 10].map((at) => bytes.readUInt16LE(end + at));
  const size = bytes.readUInt32LE(end + 12);
  let at = bytes.readUInt32LE(end + 16);
  if (disk !== 0 || directoryDisk !== 0 || here !== count || count === undefined || at + size !== end) {
    throw new Error('not a plan file: its directory is damaged');
  }
  const entries = new Map<string, () => Buffer>();
  for (let index = 0; index < count; index += 1) {
    need(bytes, at, ENTRY_BYTES);
    const nameBytes = bytes.readUInt16LE(at + 28);
    const next = at + ENTRY_BYTES + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (bytes.readUInt32LE(at) !== ENTRY || next > end) {
      throw new Error('not a plan file: its directory is damaged');
    }
    const name = bytes.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes);
    if (entries.has(name)) {
      throw new Error('not a plan file: a name stands in it twice');
    }
    const entry = at;
    entries.set(name, () => inflated(bytes, entry));
    at = next;
  }
  if (at !== end) {
    throw new Error('not a plan file: its directory is damaged');
  }
  return entries;
}

function inflated(bytes: Buffer, entry: number): Buffer {
  const method = bytes.readUInt16LE(entry + 10);
  const size = bytes.readUInt32LE(entry + 20);
  const full = bytes.readUInt32LE(entry + 24);
  const local = bytes.readUInt32LE(entry + 42);
  need(bytes, local, LOCAL_BYTES);
  if (bytes.readUInt32LE(local) !== LOCAL || full > MAX_INFLATED) {
    throw new Error('not a plan file: an entry is damaged');
  }
  // The local header has name and extra field of its own; sizes may stand only in the directory.
  const start = local + LOCAL_BYTES + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  need(bytes, start, size);
  const data = bytes.subarray(start, start + size);
  if (method !== 0 && method !== 8) {
    throw new Error(`not a plan file: compression method ${method}`);
  }
  const whole = method === 0 ? data : inflateRawSync(data, { maxOutputLength: MAX_INFLATED });
  if (whole.length !== full) {
    throw new Error('not a plan file: an entry is damaged');
  }
  return whole;
}

function need(bytes: Buffer, at: number, length: number): void {
  if (at + length > bytes.length) {
    throw new Error('not a plan file: it ends early');
  }
}
