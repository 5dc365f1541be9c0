/** Where a plan file says that the state is: what the engine will write to, whatever the directory is configured for. */
export interface PlannedBackend {
  readonly type: string;
  readonly config: unknown;
  readonly workspace: string;
}

/** Numbers of fields in the engine's message. Source: Terraform's and OpenTofu's planfile.proto. */
const BACKEND = 13;
const STATE_STORE = 29;
const [TYPE, CONFIG, WORKSPACE] = [1, 2, 3] as const;
const MSGPACK = 1;
const MAX_DEPTH = 50;

/**
 * The backend that a plan's message `tfplan` names. Throws `Error` when it cannot be told for certain: a part that is there
 * twice, or another way to keep state.
 */
export function plannedBackend(tfplan: Buffer): PlannedBackend {
  const plan = fieldsOf(tfplan);
  if (plan.has(STATE_STORE)) {
    throw new Error('it keeps its state in a state store, which is not known here');
  }
  const backend = fieldsOf(once(plan, BACKEND));
  const value = fieldsOf(once(backend, CONFIG));
  const reader = { bytes: once(value, MSGPACK), at: 0 };
  const config = readValue(reader, 0);
  if (reader.at !== reader.bytes.length) {
    throw new Error('its backend cannot be read');
  }
  return { type: once(backend, TYPE).toString('utf8'), config, workspace: once(backend, WORKSPACE).toString('utf8') };
}

type Fields = ReadonlyMap<number, readonly Buffer[]>;

/** The length-delimited fields of a protobuf message; others have nothing that is looked for. Source: protobuf.dev/programming-guides/encoding. */
function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, Buffer[]>();
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const tag = varint(reader);
    const kind = tag % 8;
    if (kind === 2) {
      const number = Math.floor(tag / 8);
      const before = fields.get(number);
      const content = take(reader, varint(reader));
      if (before === undefined) {
        fields.set(number, [content]);
      } else {
        before.push(content);
      }
    } else if (kind === 0) {
      varint(reader);
    } else if (kind === 1 || kind === 5) {
      take(reader, kind === 1 ? 8 : 4);
    } else {
      throw new Error('its message cannot be read');
    }
  }
  return fields;
}

function once(fields: Fields, number: number): Buffer {
  const [only, ...more] = fields.get(number) ?? [];
  if (only === undefined || more.length > 0) {
    throw new Error('its backend cannot be read');
  }
  return only;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function take(reader: Reader, length: number): Buffer {
  const end = reader.at + length;
  if (end > reader.bytes.length) {
    throw new Error('its message ends early');
  }
  const part = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return part;
}

/** Above 2^53 it is a number that nobody here looks at. */
function varint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const [byte = 0] = take(reader, 1);
    value += (byte % 128) * 2 ** shift;
    if (byte < 128) {
      return value;
    }
  }
  throw new Error('its message cannot be read');
}

/** One value of MessagePack, as engines write settings: no extensions, since all of them are known. Source: msgpack's spec.md. */
function readValue(reader: Reader, depth: number): unknown {
  const [kind = 0] = take(reader, 1);
  if (depth > MAX_DEPTH) {
    throw new Error('its backend cannot be read');
  }
  if (kind < 0x80) {
    return kind;
  }
  if (kind < 0x90) {
    return readMap(reader, kind - 0x80, depth);
  }
  if (kind < 0xa0) {
    return readList(reader, kind - 0x90, depth);
  }
  if (kind < 0xc0) {
    return take(reader, kind - 0xa0).toString('utf8');
  }
  switch (kind) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xca:
      return take(reader, 4).readFloatBE();
    case 0xcb:
      return take(reader, 8).readDoubleBE();
    case 0xcc:
    case 0xcd:
    case 0xce:
      return take(reader, 2 ** (kind - 0xcc)).readUIntBE(0, 2 ** (kind - 0xcc));
    case 0xcf:
      return Number(take(reader, 8).readBigUInt64BE());
    case 0xd0:
    case 0xd1:
    case 0xd2:
      return take(reader, 2 ** (kind - 0xd0)).readIntBE(0, 2 ** (kind - 0xd0));
    case 0xd3:
      return Number(take(reader, 8).readBigInt64BE());
    case 0xd9:
    case 0xda:
    case 0xdb:
      return take(reader, readLength(reader, 2 ** (kind - 0xd9))).toString('utf8');
    case 0xdc:
    case 0xdd:
      return readList(reader, readLength(reader, 2 ** (kind - 0xdb)), depth);
    case 0xde:
    case 0xdf:
      return readMap(reader, readLength(reader, 2 ** (kind - 0xdd)), depth);
    default:
      if (kind >= 0xe0) {
        return kind - 0x100;
      }
      throw new Error('its backend cannot be read');
  }
}

function readLength(reader: Reader, bytes: number): number {
  return take(reader, bytes).readUIntBE(0, bytes);
}

function readList(reader: Reader, length: number, depth: number): readonly unknown[] {
  const list: unknown[] = [];
  for (let index = 0; index < length; index += 1) {
    list.push(readValue(reader, depth + 1));
  }
  return list;
}

function readMap(reader: Reader, length: number, depth: number): Readonly<Record<string, unknown>> {
  const entries = new Map<string, unknown>();
  for (let index = 0; index < length; index += 1) {
    const key = readValue(reader, depth + 1);
    if (typeof key !== 'string' || entries.has(key)) {
      throw new Error('its backend cannot be read');
    }
    entries.set(key, readValue(reader, depth + 1));
  }
  return Object.fromEntries(entries);
}
