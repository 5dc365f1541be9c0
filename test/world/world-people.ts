import { accountJson } from './account-json.ts';
import type { Permission } from './accounts.ts';
import { createCheckRun, emitCheck } from './check-life.ts';
import { addComment, deleteComment, editComment, ensureLabel, openIssue, updateIssue } from './conversation.ts';
import type { Files } from './git-store.ts';
import { createMergeGroup, destroyMergeGroup, type GroupEnd, type MergeGroup } from './merge-queue.ts';
import { timestamp } from './mergeability.ts';
import {
  closePull,
  dismissReview,
  editBase,
  emitPull,
  type MergeMethod,
  mergePull,
  openPull,
  reopenPull,
  setDraft,
  submitReview,
} from './pull-life.ts';
import { again, launch, progress, settle, start, stop } from './run-progress.ts';
import { emitAccountEvent, emitRepositoryEvent } from './webhook-event.ts';
import { createDispatchedRun } from './workflow-dispatch.ts';
import type { RunConclusion, WorkflowRun } from './workflow-run.ts';
import { WorldPlaces } from './world-places.ts';
import {
  type CheckRun,
  type CommitStatus,
  type Environment,
  type Issue,
  type IssueComment,
  installationOf,
  type Pull,
  type Repository,
  type Review,
  type ReviewState,
} from './world-state.ts';

/** What people do on GitHub's pages; each act sends the webhooks it would send. */
export class WorldPeople extends WorldPlaces {
  /** Commit `files` onto a new branch and open a pull request from it. */
  async openPullRequest(
    repository: Repository,
    wanted: {
      readonly author: string;
      readonly title?: string;
      readonly body?: string;
      readonly branch?: string;
      readonly base?: string;
      readonly files?: Files;
      readonly draft?: boolean;
      readonly headRepository?: Repository;
    },
  ): Promise<Pull> {
    const branch = wanted.branch ?? `change-${repository.nextNumber}`;
    const source = wanted.headRepository ?? repository;
    if (wanted.files !== undefined) {
      await this.commit(source, {
        branch,
        files: wanted.files,
        author: wanted.author,
        from: wanted.base ?? source.defaultBranch,
      });
    }
    return openPull(this.parts, repository, {
      title: wanted.title ?? `Change from ${branch}`,
      body: wanted.body,
      head: branch,
      headRepository: source,
      base: wanted.base ?? repository.defaultBranch,
      author: wanted.author,
      draft: wanted.draft,
    });
  }

  /** Push another commit onto a pull request's branch; sends `push` and `synchronize`. */
  push(repository: Repository, pull: Pull, files: Files, author = pull.author, message?: string): Promise<string> {
    const source = this.parts.state.repositories.get(pull.headRepositoryId) ?? repository;
    return this.commit(source, { branch: pull.head, files, author, ...(message === undefined ? {} : { message }) });
  }

  comment(repository: Repository, number: number, user: string, body: string): IssueComment {
    return addComment(this.parts, repository, number, user, body);
  }

  editComment(repository: Repository, comment: IssueComment, body: string, user = comment.author): void {
    editComment(this.parts, repository, comment, body, user);
  }

  deleteComment(repository: Repository, comment: IssueComment, user = comment.author): void {
    deleteComment(this.parts, repository, comment, user);
  }

  requestReview(pull: Pull, user: string): void {
    pull.reviewRequests.add(user);
  }

  review(repository: Repository, pull: Pull, user: string, state: ReviewState, body = ''): Promise<Review> {
    return submitReview(this.parts, repository, pull, user, state, body);
  }

  dismissReview(repository: Repository, pull: Pull, review: Review, user: string): Promise<void> {
    return dismissReview(this.parts, repository, pull, review, user);
  }

  merge(repository: Repository, pull: Pull, user: string, method: MergeMethod = 'merge'): Promise<string> {
    return mergePull(this.parts, repository, pull, user, method);
  }

  closePullRequest(repository: Repository, pull: Pull, user: string): Promise<void> {
    return closePull(this.parts, repository, pull, user);
  }

  reopen(repository: Repository, pull: Pull, user: string): Promise<void> {
    return reopenPull(this.parts, repository, pull, user);
  }

  editBase(repository: Repository, pull: Pull, base: string, user: string): Promise<void> {
    return editBase(this.parts, repository, pull, base, user);
  }

  setDraft(repository: Repository, pull: Pull, draft: boolean, user: string): Promise<void> {
    return setDraft(this.parts, repository, pull, draft, user);
  }

  async label(repository: Repository, pull: Pull, name: string, user: string): Promise<void> {
    pull.labels.add(ensureLabel(this.parts, repository, name));
    const label = repository.labels.get(name);
    await emitPull(this.parts, repository, pull, 'labeled', user, {
      label: {
        id: label?.id,
        node_id: `LA_${label?.id}`,
        url: '',
        name,
        color: label?.color,
        default: false,
        description: null,
      },
    });
  }

  openIssue(repository: Repository, author: string, title: string, body: string | null = null): Issue {
    return openIssue(this.parts, repository, { title, body, author, labels: [], assignees: [] });
  }

  closeIssue(repository: Repository, issue: Issue, user: string): void {
    updateIssue(this.parts, repository, issue, { state: 'closed' }, user);
  }

  /** Give a person a permission in a repository; sends `member.added`, `edited` or `removed`. */
  setPermission(repository: Repository, user: string, permission: Permission, sender = repository.owner): void {
    const before = repository.collaborators.get(user) ?? 'none';
    repository.collaborators.set(user, permission);
    const action = permission === 'none' ? 'removed' : before === 'none' ? 'added' : 'edited';
    emitRepositoryEvent(this.parts, repository, 'member', action, sender, {
      member: accountJson(this.parts.state, user),
      ...(action === 'removed' ? {} : { changes: { permission: { from: before, to: permission } } }),
    });
  }

  /** Add to or remove from a team; sends `membership`. */
  setMembership(organization: string, slug: string, user: string, member: boolean, sender = organization): void {
    const team = this.parts.state.teams.get(`${organization}/${slug}`) ?? this.addTeam(organization, slug, []);
    if (member) {
      team.members.set(user, 'member');
    } else {
      team.members.delete(user);
    }
    const url = `${this.parts.state.url}/api/v3/organizations/1/team/${team.id}`;
    for (const installation of this.parts.state.installations.values()) {
      if (installation.account === organization && !installation.deleted) {
        emitAccountEvent(this.parts, installation, 'membership', member ? 'added' : 'removed', sender, {
          scope: 'team',
          member: accountJson(this.parts.state, user),
          team: {
            id: team.id,
            node_id: `T_${team.id}`,
            name: team.name,
            slug,
            description: null,
            privacy: 'closed',
            permission: 'pull',
            url,
            html_url: `${this.parts.state.url}/orgs/${organization}/teams/${slug}`,
            members_url: `${url}/members{/member}`,
            repositories_url: `${url}/repos`,
            parent: null,
          },
        });
      }
    }
  }

  /** Press a button of a check; sends `check_run.requested_action`. */
  requestedAction(repository: Repository, check: CheckRun, identifier: string, user: string): void {
    emitCheck(this.parts, repository, check, 'requested_action', user, { requested_action: { identifier } });
  }

  /** Press "Re-run" on a check; sends `check_run.rerequested`. */
  rerequestCheck(repository: Repository, check: CheckRun, user: string): void {
    emitCheck(this.parts, repository, check, 'rerequested', user);
  }

  /** A check of somebody else's App, e.g. another CI. */
  reportCheck(
    repository: Repository,
    sha: string,
    name: string,
    conclusion: string | undefined,
    appId = 99,
    user = repository.owner,
  ): CheckRun {
    const body = { name, head_sha: sha, ...(conclusion === undefined ? { status: 'in_progress' } : { conclusion }) };
    return createCheckRun(this.parts, repository, body, appId, user);
  }

  reportStatus(
    repository: Repository,
    sha: string,
    context: string,
    state: CommitStatus['state'],
    user = repository.owner,
  ): CommitStatus {
    const status = {
      id: this.parts.state.nextId('status'),
      sha,
      context,
      state,
      description: null,
      targetUrl: null,
      creator: user,
      createdAt: timestamp(this.parts),
    };
    repository.statuses.push(status);
    this.parts.journal.changed();
    return status;
  }

  addEnvironment(
    repository: Repository,
    name: string,
    options: { readonly reviewers?: readonly string[]; readonly secrets?: Readonly<Record<string, string>> } = {},
  ): Environment {
    const environment = {
      id: this.parts.state.nextId('environment'),
      name,
      reviewers: options.reviewers ?? [],
      secrets: new Map(Object.entries(options.secrets ?? {})),
      variables: new Map<string, string>(),
      createdAt: timestamp(this.parts),
    };
    repository.environments.set(name, environment);
    return environment;
  }

  /**
   * The merge queue tries a pull request on top of its base, or of the group before it; sends `push` and
   * `merge_group.checks_requested`.
   */
  createMergeGroup(repository: Repository, pull: Pull, user: string, on?: MergeGroup): Promise<MergeGroup> {
    return createMergeGroup(this.parts, repository, pull, user, on);
  }

  /** End a merge group, merged or not; sends `merge_group.destroyed`. */
  destroyMergeGroup(group: MergeGroup, reason: GroupEnd, user: string): Promise<void> {
    return destroyMergeGroup(this.parts, group, reason, user);
  }

  /** Dispatch a workflow by hand, as a person may from the Actions page. */
  async dispatch(
    repository: Repository,
    workflow: string,
    inputs: Readonly<Record<string, string>>,
    actor: string,
    ref = repository.defaultBranch,
  ): Promise<WorkflowRun> {
    const dispatched = await createDispatchedRun(this.parts, repository, { workflow, ref, inputs, actor });
    this.parts.background(progress(this.parts, dispatched));
    return dispatched.run;
  }

  /** A reviewer lets a waiting job go, or not. */
  reviewDeployment(run: WorkflowRun, approved: boolean): void {
    if (run.status !== 'waiting') {
      throw new Error(`run ${run.id} waits for nobody`);
    }
    if (!approved) {
      settle(this.parts, run, 'failure');
      return;
    }
    run.status = 'queued';
    run.job.status = 'queued';
    this.parts.background(launch(this.parts, run));
  }

  /** With the manual runner: a machine takes the job. */
  startRun(run: WorkflowRun): void {
    start(this.parts, run);
  }

  /** With the manual runner: the job ends. */
  finishRun(run: WorkflowRun, conclusion: RunConclusion): void {
    settle(this.parts, run, conclusion);
  }

  /** A person cancels a run on the Actions page. */
  cancelRun(run: WorkflowRun): Promise<void> {
    return stop(this.parts, run);
  }

  /** "Re-run all jobs": the same run once more, as another attempt. */
  rerun(run: WorkflowRun): void {
    this.parts.background(again(this.parts, run));
  }

  /** The comments on an issue or pull request, in order. */
  commentsOn(repository: Repository, number: number): readonly IssueComment[] {
    return [...repository.comments.values()].filter((one) => one.number === number);
  }

  /** The checks of a commit, in order. */
  checksOf(repository: Repository, sha: string): readonly CheckRun[] {
    return [...repository.checkRuns.values()].filter((one) => one.headSha === sha);
  }

  installationOf(repository: Repository) {
    return installationOf(this.parts.state, repository);
  }
}
