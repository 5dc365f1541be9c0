import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Take the data folder for this process, or throw when a living one has it. The embedded database has no lock of its
 * own: two processes on one folder lose rows silently. Returns what gives the folder back.
 */
export function lockDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = join(folder, 'plumbline.lock');
  const mine = join(folder, `plumbline.lock.${randomUUID()}`);
  const content = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  writeFileSync(mine, content, { mode: 0o600 });
  try {
    // A link appears with its content, whole, or not at all.
    if (!tryLink(mine, lock)) {
      removeStale(lock, folder);
      if (!tryLink(mine, lock)) {
        throw inUse(folder, readOwner(lock)?.pid);
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readText(lock) === content) {
      rmSync(lock, { force: true });
    }
  };
}

function removeStale(lock: string, folder: string): void {
  const seen = readText(lock);
  const owner = readOwner(lock);
  if (owner !== null && isAlive(owner)) {
    throw inUse(folder, owner.pid);
  }
  const aside = `${lock}.${randomUUID()}`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // Somebody else removed it first.
  }
  if (readText(aside) !== seen) {
    // Between our look and our move somebody took the folder: it is theirs.
    tryLink(aside, lock);
    rmSync(aside, { force: true });
    throw inUse(folder, readOwner(lock)?.pid);
  }
  rmSync(aside, { force: true });
}

interface Owner {
  readonly pid: number;
  readonly started: string;
}

function readOwner(path: string): Owner | null {
  try {
    const found: unknown = JSON.parse(readText(path) ?? '');
    if (typeof found === 'object' && found !== null && 'pid' in found && 'started' in found) {
      return { pid: Number(found.pid), started: String(found.started) };
    }
    return null;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM' && startOf(owner.pid) === owner.started;
  }
  return startOf(owner.pid) === owner.started;
}

/** When the process started, in clock ticks since boot: process ids are used again. Empty where /proc is missing. */
function startOf(pid: number): string {
  // Field 22 of proc(5) stat; the second field is in brackets and may hold spaces.
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function inUse(folder: string, pid: number | undefined): Error {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new Error(
    `${folder} is in use by ${who}. The embedded database is for one process; set DATABASE_URL to run several.`,
  );
}
