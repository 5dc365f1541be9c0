import { join } from 'node:path';
import { installationJson } from './account-json.ts';
import type { Permission, Team } from './accounts.ts';
import { mintInstallationToken } from './app-token.ts';
import { git } from './git-command.ts';
import { commitFiles, type Files, initBare, tryRevision } from './git-store.ts';
import { timestamp } from './mergeability.ts';
import { NO_COMMIT, refMoved } from './push-event.ts';
import { emitAccountEvent, emitRepositoryEvent } from './webhook-event.ts';
import type { WorkflowRun } from './workflow-run.ts';
import type { WorldParts } from './world-parts.ts';
import {
  accountOf,
  fullName,
  type Installation,
  isoSeconds,
  type Repository,
  repositoryByName,
} from './world-state.ts';

export interface NewRepository {
  readonly name: string;
  readonly owner?: string;
  /** First commit of the default branch. */
  readonly files?: Files;
  readonly private?: boolean;
  readonly defaultBranch?: string;
  /** Login to permission. */
  readonly people?: Readonly<Record<string, Permission>>;
}

/** Accounts, installations and repositories: where things happen. */
export class WorldPlaces {
  readonly parts: WorldParts;
  readonly #root: string;

  constructor(parts: WorldParts, root: string) {
    this.parts = parts;
    this.#root = root;
  }

  addUser(login: string): string {
    return this.#addAccount(login, 'User');
  }

  addOrganization(login: string): string {
    return this.#addAccount(login, 'Organization');
  }

  #addAccount(login: string, type: 'User' | 'Organization'): string {
    const id = this.parts.state.nextId('account');
    const nodeId = `${type === 'User' ? 'U' : 'O'}_${id}`;
    this.parts.state.accounts.set(login, { id, nodeId, login, name: login, email: `${login}@example.com`, type });
    return login;
  }

  addTeam(organization: string, slug: string, members: readonly string[]): Team {
    const id = this.parts.state.nextId('team');
    const team = {
      id,
      organization,
      slug,
      name: slug,
      members: new Map(members.map((one) => [one, 'member' as const])),
    };
    this.parts.state.teams.set(`${organization}/${slug}`, team);
    return team;
  }

  /** Install the App on an account; sends `installation.created`. */
  install(
    account: string,
    options: {
      readonly repositories?: readonly Repository[];
      readonly permissions?: Readonly<Record<string, string>>;
      readonly events?: readonly string[];
      readonly sender?: string;
    } = {},
  ): Installation {
    const { state } = this.parts;
    const installation: Installation = {
      id: state.nextId('installation'),
      account,
      selection: options.repositories === undefined ? 'all' : 'selected',
      selected: new Set(options.repositories?.map((one) => one.id)),
      permissions: options.permissions ?? state.app.permissions,
      events: options.events ?? state.app.events,
      suspendedAt: null,
      deleted: false,
      createdAt: timestamp(this.parts),
    };
    state.installations.set(installation.id, installation);
    this.#emitInstallation(installation, 'created', options.sender ?? account);
    return installation;
  }

  uninstall(installation: Installation, sender = installation.account): void {
    this.#emitInstallation(installation, 'deleted', sender);
    installation.deleted = true;
  }

  suspend(installation: Installation, sender = installation.account): void {
    installation.suspendedAt = timestamp(this.parts);
    this.#emitInstallation(installation, 'suspend', sender);
  }

  unsuspend(installation: Installation, sender = installation.account): void {
    installation.suspendedAt = null;
    this.#emitInstallation(installation, 'unsuspend', sender);
  }

  #emitInstallation(installation: Installation, action: string, sender: string): void {
    emitAccountEvent(this.parts, installation, 'installation', action, sender, {
      installation: installationJson(this.parts.state, installation),
      repositories: this.#covered(installation),
      requester: null,
    });
  }

  /** Add repositories to, or take them from, an installation of selected ones. */
  selectRepositories(
    installation: Installation,
    change: { readonly add?: readonly Repository[]; readonly remove?: readonly Repository[] },
    sender = installation.account,
  ): void {
    const short = (one: Repository) => shortRepository(one);
    for (const [action, list] of [
      ['added', change.add ?? []],
      ['removed', change.remove ?? []],
    ] as const) {
      if (list.length === 0) {
        continue;
      }
      for (const one of list) {
        if (action === 'added') {
          installation.selected.add(one.id);
        } else {
          installation.selected.delete(one.id);
        }
      }
      emitAccountEvent(this.parts, installation, 'installation_repositories', action, sender, {
        installation: installationJson(this.parts.state, installation),
        repository_selection: installation.selection,
        repositories_added: action === 'added' ? list.map(short) : [],
        repositories_removed: action === 'removed' ? list.map(short) : [],
        requester: null,
      });
    }
  }

  #covered(installation: Installation) {
    return [...this.parts.state.repositories.values()]
      .filter(
        (one) =>
          one.owner === installation.account && (installation.selection === 'all' || installation.selected.has(one.id)),
      )
      .map(shortRepository);
  }

  /** Create a repository with a first commit on its default branch; sends `push` (and `repository.created` if listened to). */
  async addRepository(wanted: NewRepository): Promise<Repository> {
    const { state } = this.parts;
    const organization = [...state.accounts.values()].find((one) => one.type === 'Organization');
    const owner = wanted.owner ?? organization?.login ?? this.addOrganization('acme');
    accountOf(state, owner);
    const repository = await this.#createRepository(wanted.name, owner, wanted, undefined);
    for (const [login, permission] of Object.entries(wanted.people ?? {})) {
      if (!state.accounts.has(login)) {
        this.addUser(login);
      }
      repository.collaborators.set(login, permission);
    }
    const sender = Object.keys(wanted.people ?? {})[0] ?? owner;
    await this.commit(repository, {
      branch: repository.defaultBranch,
      files: wanted.files ?? { 'README.md': `# ${wanted.name}\n` },
      author: sender,
      message: 'Initial commit',
    });
    return repository;
  }

  async #createRepository(
    name: string,
    owner: string,
    wanted: Pick<NewRepository, 'private' | 'defaultBranch'>,
    forkOf: Repository | undefined,
  ): Promise<Repository> {
    const { state } = this.parts;
    const id = state.nextId('repository');
    const defaultBranch = wanted.defaultBranch ?? forkOf?.defaultBranch ?? 'main';
    const gitDir = join(this.#root, `${id}.git`);
    await initBare(gitDir, defaultBranch);
    const repository: Repository = {
      id,
      nodeId: `R_${id}`,
      owner,
      name,
      formerNames: new Set(),
      private: wanted.private ?? true,
      defaultBranch,
      gitDir,
      forkOf: forkOf?.id,
      createdAt: isoSeconds(state.now()),
      collaborators: new Map(),
      labels: new Map(),
      issues: new Map(),
      pulls: new Map(),
      comments: new Map(),
      checkRuns: new Map(),
      statuses: [],
      activity: [],
      reactions: [],
      environments: new Map(),
      branchRules: new Map(),
      protection: new Map(),
      secrets: new Map(),
      variables: new Map(),
      workflows: new Map(),
      nextNumber: 1,
      nextRunNumber: 1,
      archived: false,
    };
    state.repositories.set(id, repository);
    return repository;
  }

  /** A fork with the default branch of the original; the App is not installed on it. */
  async forkRepository(original: Repository, owner: string): Promise<Repository> {
    const fork = await this.#createRepository(original.name, owner, { private: original.private }, original);
    await git(fork.gitDir, ['fetch', '--quiet', original.gitDir, '+refs/heads/*:refs/heads/*']);
    fork.collaborators.set(owner, 'admin');
    return fork;
  }

  /**
   * Commit files and push them: onto a branch, which is made from `from` (a branch or commit; default: the default
   * branch) if it does not exist yet. Sends `push`, and `synchronize` for open pull requests of that branch.
   */
  async commit(
    repository: Repository,
    change: {
      readonly branch: string;
      readonly files: Files;
      readonly author: string;
      readonly message?: string;
      readonly from?: string;
      readonly force?: boolean;
    },
  ): Promise<string> {
    const { gitDir } = repository;
    const before = await tryRevision(gitDir, `refs/heads/${change.branch}`);
    const start = await tryRevision(gitDir, change.from ?? repository.defaultBranch);
    const from = change.force === true ? start : (before ?? start);
    const author = accountOf(this.parts.state, change.author);
    const message = change.message ?? `Change ${Object.keys(change.files)[0] ?? 'nothing'}`;
    const after = await commitFiles(gitDir, {
      branch: change.branch,
      files: change.files,
      message,
      author,
      at: this.parts.state.now(),
      from,
    });
    await refMoved(this.parts, repository, {
      ref: `refs/heads/${change.branch}`,
      before: before ?? NO_COMMIT,
      after,
      sender: change.author,
    });
    return after;
  }

  /** Rename a repository; the old name redirects. Sends `repository.renamed`. */
  renameRepository(repository: Repository, name: string, sender: string): void {
    const from = repository.name;
    repository.formerNames.add(fullName(repository).toLowerCase());
    repository.name = name;
    emitRepositoryEvent(this.parts, repository, 'repository', 'renamed', sender, {
      changes: { repository: { name: { from } } },
    });
  }

  repository(name: string): Repository {
    const [owner = '', short = ''] = name.split('/');
    const found = repositoryByName(this.parts.state, owner, short);
    if (found === undefined) {
      throw new Error(`the world has no repository ${name}`);
    }
    return found;
  }

  run(id: number): WorkflowRun {
    const run = this.parts.state.runs.get(id);
    if (run === undefined) {
      throw new Error(`the world has no run ${id}`);
    }
    return run;
  }

  /** A token as the App would mint it, for tests that call the world by hand. */
  mintToken(installation: Installation, narrowed: Parameters<typeof mintInstallationToken>[2] = {}): string {
    return mintInstallationToken(this.parts.state, installation, narrowed).token;
  }
}

function shortRepository(repository: Repository) {
  const { id, nodeId, name } = repository;
  return { id, node_id: nodeId, name, full_name: fullName(repository), private: repository.private };
}
