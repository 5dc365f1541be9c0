import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real repository on disk that runners fetch from. */
export interface GitOrigin extends Disposable {
  readonly dir: string;
  /** Writes files (null removes) on top of `parent`, commits, and answers the SHA. */
  readonly commit: (files: Readonly<Record<string, string | null>>, parent?: string) => string;
  readonly git: (...args: readonly string[]) => string;
}

export function makeOrigin(): GitOrigin {
  const dir = mkdtempSync(join(tmpdir(), 'plumbline-origin-'));
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  };
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...args], { cwd: dir, env, encoding: 'utf8', stdio: 'pipe' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  return {
    dir,
    git,
    commit(files, parent) {
      if (parent !== undefined) {
        git('checkout', '--quiet', '--detach', parent);
      }
      for (const [name, text] of Object.entries(files)) {
        const path = join(dir, name);
        if (text === null) {
          rmSync(path, { recursive: true });
        } else {
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, text);
        }
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', 'change');
      return git('rev-parse', 'HEAD');
    },
    [Symbol.dispose]() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
