import { createHash } from 'node:crypto';
import { access, constants, open, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { runCommand } from './run-command.ts';

export type Engine = 'terraform' | 'tofu';

export interface Tool {
  readonly engine: Engine;
  readonly path: string;
  readonly version: string;
  readonly sha256: string;
}

export type FoundTool =
  | { readonly ok: true; readonly tool: Tool }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Finds an engine on PATH, asks its version and hashes the program. The answer says what to do when there is none. */
export async function findTool(
  engine: Engine,
  env: Readonly<Record<string, string>>,
  cancel: AbortSignal,
): Promise<FoundTool> {
  const path = await onPath(engine, env.PATH ?? '');
  if (path === null) {
    const install =
      engine === 'terraform'
        ? 'hashicorp/setup-terraform with terraform_wrapper: false'
        : 'opentofu/setup-opentofu with tofu_wrapper: false';
    return {
      ok: false,
      code: 'tool-missing',
      message: `${engine} is not on PATH. Add a step with ${install} before Plumbline's.`,
    };
  }
  const [asked, sha256] = await Promise.all([
    runCommand({ program: path, args: ['version', '-json'], cwd: '/', env, timeoutMs: 60_000, graceMs: 1_000, cancel }),
    fileSha256(path),
  ]);
  const version = versionOf(asked.stdout);
  if (version === null) {
    const said = (asked.startError ?? (asked.stderr || asked.stdout)).trim().slice(0, 500);
    return { ok: false, code: 'tool-broken', message: `${engine} does not tell its version: ${said}` };
  }
  return { ok: true, tool: { engine, path, version, sha256 } };
}

/** Is the version that was found the one that was asked for? Versions are compared exactly; `latest` and null take what is there. */
export function isWantedVersion(found: string, wanted: string | null): boolean {
  return wanted === null || wanted === '' || wanted === 'latest' || wanted.replace(/^[v=\s]+/, '') === found;
}

/** Where a program is, by the absolute directories of PATH; null: nowhere. */
export async function onPath(name: string, path: string): Promise<string | null> {
  for (const dir of path.split(delimiter)) {
    const candidate = join(dir, name);
    // A relative entry would find a program in the checkout.
    if (isAbsolute(dir) && (await isProgram(candidate))) {
      return realpath(candidate);
    }
  }
  return null;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function versionOf(text: string): string | null {
  const found = /"terraform_version"\s*:\s*"([0-9A-Za-z.+-]{1,80})"/.exec(text);
  return found?.[1] ?? null;
}

/** SHA-256 of a file in hex, read in pieces through one buffer: a new one each would leave 90 MB behind, which every later fork pays for. */
async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(512 * 1024);
  await using file = await open(path);
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) {
      return hash.digest('hex');
    }
    hash.update(piece.subarray(0, bytesRead));
  }
}
