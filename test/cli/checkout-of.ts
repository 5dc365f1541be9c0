import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real git repository in a new directory. Contents that begin with `-> ` are symbolic links, null removes a file. */
export class TestCheckout {
  readonly dir = mkdtempSync(join(tmpdir(), 'plumbline-cli-'));

  constructor(files: Readonly<Record<string, string>>) {
    this.git('init', '-q', '-b', 'main');
    this.commit(files);
  }

  write(files: Readonly<Record<string, string | null>>): void {
    for (const [path, content] of Object.entries(files)) {
      const full = join(this.dir, path);
      mkdirSync(dirname(full), { recursive: true });
      rmSync(full, { force: true });
      if (content?.startsWith('-> ') === true) {
        symlinkSync(content.slice(3), full);
      } else if (content !== null) {
        writeFileSync(full, content);
      }
    }
  }

  commit(files: Readonly<Record<string, string | null>>): string {
    this.write(files);
    this.git('add', '-A');
    this.git(
      '-c',
      'user.name=Test',
      '-c',
      'user.email=test@example.com',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'change',
    );
    return this.git('rev-parse', 'HEAD').trim();
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, { cwd: this.dir, encoding: 'utf8' });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
