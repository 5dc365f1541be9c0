import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const TREE = '/usr/lib/postgresql';
const USERS = ['postgres', 'nobody'];

/** The folder of `initdb` and `pg_ctl`, or undefined when this machine has none. The newest version wins. */
export function findPostgres(): string | undefined {
  const versions = existsSync(TREE) ? readdirSync(TREE).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(TREE, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));
}

/** Start a throw-away cluster that listens on a socket in the folder, and answer the address of one of its databases. Safe to lose: nothing is synced. */
export function startCluster(folder: string, binaries: string): (database: string) => string {
  const data = join(folder, 'cluster');
  mkdirSync(data);
  chmodSync(folder, 0o755);
  const user = unprivileged();
  if (user !== undefined) {
    chownSync(data, user.uid, user.gid);
  }
  const options = ['-A', 'trust', '-U', 'plumbline', '-E', 'UTF8', '--locale=C', '--no-sync', '-D', data];
  run(user, join(binaries, 'initdb'), options);
  appendFileSync(
    join(data, 'postgresql.conf'),
    [
      "listen_addresses = ''",
      `unix_socket_directories = '${data}'`,
      'fsync = off',
      'synchronous_commit = off',
      'full_page_writes = off',
      'max_connections = 300',
      'shared_buffers = 64MB',
    ].join('\n'),
  );
  run(user, join(binaries, 'pg_ctl'), ['-D', data, '-l', join(data, 'log'), '-w', 'start']);
  return clusterAddress(folder);
}

/** The addresses of the cluster in the folder. */
export function clusterAddress(folder: string): (database: string) => string {
  return (database) =>
    `postgresql://plumbline@localhost/${database}?host=${encodeURIComponent(join(folder, 'cluster'))}`;
}

/** Is the cluster of this folder up? */
export function clusterRuns(folder: string): boolean {
  return existsSync(join(folder, 'cluster', 'postmaster.pid'));
}

/** Stop the cluster in the folder, if it runs. */
export function stopCluster(folder: string): void {
  const binaries = findPostgres();
  if (binaries !== undefined && clusterRuns(folder)) {
    run(unprivileged(), join(binaries, 'pg_ctl'), ['-D', join(folder, 'cluster'), '-m', 'immediate', '-w', 'stop']);
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  for (const name of USERS) {
    try {
      const uid = Number(execFileSync('id', ['-u', name], { encoding: 'utf8', stdio: 'pipe' }));
      const gid = Number(execFileSync('id', ['-g', name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid, gid };
    } catch {
      // The next one may exist.
    }
  }
  throw new Error(`this runs as root, and there is no user ${USERS.join(' or ')} to run PostgreSQL`);
}

function run(user: User | undefined, command: string, argv: readonly string[]): void {
  execFileSync(command, argv, {
    stdio: 'ignore',
    cwd: '/',
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
}
