/**
 * The one catalogue of reason codes: what decided an event, why a rule refused, why a run ended, why a plan was erased.
 * The text is for people and may name what to do next; codes are stable. `docs/reasons.md` is generated from it.
 */
export const REASONS = {
  // Ignored
  'unknown-event': 'This kind of event is not one that Plumbline acts on.',
  'own-event': 'Plumbline caused this itself.',
  'not-a-command': 'The comment is not a command.',
  'bot-comment': 'Comments of bots are never commands.',
  'not-our-run': 'This Actions run was not started by Plumbline.',
  'nothing-to-do': 'Nothing has to be done for this event.',
  'no-pull-request': 'The comment stands on an issue, not on a pull request.',
  'pull-closed': 'The pull request is closed.',
  'installation-gone': 'The App is not installed here any more.',
  malformed: 'The delivery lacks parts that such an event always has.',
  'label-without-meaning': 'The label is not one that Plumbline acts on.',
  'event-outdated': 'A newer commit was pushed since; its own event is decided instead.',
  'run-over': 'The run has ended already.',
  'second-attempt': 'A run is never re-run on GitHub. Comment `plumbline plan` to start a new one.',
  'repository-archived': 'The repository is archived.',
  'already-planned': 'Every dirspace has a plan of this commit, or one is being made.',
  'caches-dropped': 'Membership changed; what was remembered of permissions is forgotten.',

  // Done
  'plan-started': 'A plan was started.',
  'apply-started': 'An apply was started.',
  'report-recorded': "The run's report was recorded.",
  'report-superseded': 'The report came after the run was replaced; it is kept, and does not count.',
  'manifest-released': 'Everything was checked again and still holds; the runner may apply.',
  answered: 'The comment was answered.',
  unlocked: 'The locks were released.',
  'cancelled-by-person': 'Somebody with write permission cancelled it.',
  'pull-merged': 'The pull request was merged.',
  'pull-closed-unmerged': 'The pull request was closed without a merge.',
  'base-moved': 'The base branch moved.',
  'run-noted': "GitHub's word on the run was noted.",
  'installation-saved': 'What GitHub said of the installation was saved.',
  'merge-group-passed':
    'Every dirspace has a plan that holds for the merge which the queue would make, or nothing is left to plan.',
  'merge-group-waits': 'The merge queue waits until the plans for this merge are made.',
  'merge-group-over': 'The merge queue does not try this merge any more.',
  'automerge-started': 'Everything is applied; the pull request is merged.',
  'merge-refused':
    'Everything is applied, but GitHub refused to merge. It is tried again for two hours. Mend what GitHub names, or merge by hand.',
  'merge-queue-merges': 'The branch is merged by its merge queue, not by Plumbline.',
  'gate-approved': 'The approval of the gate was recorded.',
  published: 'What people read on the pull request was brought up to date.',
  'asked-again': 'GitHub did not know yet; it is asked again shortly.',
  'turn-passed': 'The turn was not used; the next in line is told.',
  'lock-freed': 'A dirspace this pull request waited for is free.',
  'state-changed':
    'Another pull request applied here after this plan was made, so the plan no longer tells what would happen.',

  // Rules that passed
  permitted: 'The person may do this.',
  'requirements-met': 'Every apply requirement is met.',
  'requirements-skipped': 'Apply requirements and gates were skipped by `apply-force`.',
  'locks-free': 'No other pull request holds these dirspaces.',
  'plans-valid': 'Every dirspace has a valid plan.',
  'gate-waived': 'A waiver of the default branch lets this gate pass.',
  'workflow-fit': 'The workflow file of the default branch can be started.',
  'environments-exist': 'Every GitHub environment that the runs need exists.',
  'environments-unknown':
    'Whether the GitHub environments of the runs exist could not be read. GitHub makes one that does not.',
  superapproved: 'Somebody named in `superapproval` approved.',
  trusted: 'The person or bot behind this commit is trusted.',

  // Configuration and set-up
  'config-broken': 'The configuration has errors, so nothing was run. Each is listed with its place.',
  'config-unreadable':
    'The configuration could not be read from GitHub, so nothing was run. Try again with the same command.',
  'files-unknown':
    'The list of changed files could not be read completely, so nothing was run. Try again with the same command.',
  'change-broken': 'Which dirspaces this pull request touches cannot be told, so nothing was run.',
  disabled: 'Plumbline is switched off here by `enabled: false`.',
  'workflow-missing': 'The default branch has no `.github/workflows/plumbline.yml`.',
  'workflow-unfit': 'The workflow file of the default branch cannot be used as it is.',
  'workflow-unreadable':
    'The workflow file of the default branch could not be read from GitHub. Try again with the same command.',
  'environment-missing':
    'A GitHub environment that the run needs does not exist. GitHub would make it, without secrets and reviewers, so nothing was run.',
  'dispatch-refused': 'GitHub refused to start the workflow.',
  'steps-unsupported':
    'The configuration asks for something that the runner of this version does not do, so nothing was run. Take it out, or wait for a version that has it.',
  'builder-failed':
    'A builder that the configuration names failed, so nothing was planned. Correct it, then comment `plumbline plan`.',
  'engine-unsupported': 'The engine that the configuration names is not one that this version can run.',

  // Who
  'permission-missing': 'This needs write permission on the repository.',
  'permission-unknown':
    'The permission of the person could not be read from GitHub, so the answer is no. Try again in a minute.',
  'access-denied': '`access_control` does not allow this person to do this here.',
  'access-no-policy': 'No policy in `access_control` covers this dirspace, so nobody may do this.',
  'access-unknown':
    'Team or owner membership could not be read from GitHub, so the answer is no. Try again in a minute.',
  'force-not-granted':
    '`apply_force` names nobody here who you are. Set it in `access_control.policies` on the default branch.',
  'autoapprove-not-granted':
    '`apply_autoapprove` names nobody here who you are. Set it in `access_control.policies` on the default branch.',
  'config-update-denied':
    'The pull request changes the Plumbline configuration, which `access_control` does not allow this person.',
  'ci-config-update-denied':
    'The pull request changes the workflow file, which `access_control` does not allow this person.',
  'file-update-denied':
    'The pull request changes a file that `access_control.files` does not allow this person to change.',
  'unlock-denied': '`access_control.unlock` does not name this person.',
  'untrusted-author':
    'Nobody with write permission pushed this commit. Somebody who has it may comment the plan command with the commit.',
  'fork-off': 'Pull requests from forks are not planned here. `forks: {plan: ENVIRONMENT}` allows plans.',
  'fork-needs-sha': 'A pull request from a fork is planned only when the command names the commit.',
  'fork-no-apply': 'A pull request from a fork is never applied before it is merged.',
  'sha-not-head': 'The commit in the command is not the newest one of the pull request.',

  // When
  'command-too-old': 'The command was more than 15 minutes old when it was handled. Comment again.',
  'command-unknown': 'This is not a command.',
  'command-invalid': 'The command could not be understood.',
  'comment-before-plan': 'The comment was made before the newest plan was shown. Read the plan, then comment again.',
  'head-moved': 'A commit was pushed after the command. Read the new plan, then comment again.',
  'plan-running': 'A plan is being made. Wait for it, then comment again.',
  'apply-running': 'An apply is running. Wait until it has ended.',
  'run-elsewhere': 'Another pull request is running on the same dirspace. Wait until that run has ended.',
  'no-match': 'No dirspace of this pull request matches the command.',
  'no-directories': 'The pull request touches no directory that Plumbline plans.',
  'planned-elsewhere':
    'What this pull request touches is planned in other environments, in runs of their own. This run only looked what there is.',
  'modules-unknown':
    'Which directories call the changed ones as modules is not known for this commit yet. Comment `plumbline plan`.',
  'everything-applied': 'Everything in this pull request is applied already.',
  'layer-waits': 'Dirspaces it depends on are not applied yet.',
  draft: 'The pull request is a draft.',
  'skip-label': 'The label `plumbline:skip` is set.',
  'branch-not-ours': 'The base or source branch is not one that `destination_branches` names.',
  'autoplan-off': '`autoplan` is off for these dirspaces. Comment `plumbline plan`.',
  'merge-group-behind':
    'A pull request before this one in the merge queue did not pass. Put this one into the queue again.',
  'merge-group-base-unknown':
    'What the merge queue would merge onto could not be told. Put the pull request into the queue again.',
  'merge-group-config':
    'A pull request before this one in the merge queue changes the configuration, so what there is to plan cannot be told before it is merged. Put this one into the queue again then.',
  'merge-group-unapplied': 'The branch requires that everything is applied before the merge, and something is not.',
  'merge-conflict': 'The pull request has a merge conflict. Resolve it first.',

  // Kill switches
  'installation-paused': 'Plumbline is paused for this installation by its administrators.',
  'repository-paused': 'Plumbline is paused for this repository by its administrators.',
  'applies-paused': 'All applies are paused by the administrators of this service.',
  'installation-suspended': 'The installation of the App is suspended.',

  // Plans
  'plan-missing': 'There is no plan. Comment `plumbline plan`.',
  'plan-failed': 'The newest plan failed. Correct it and plan again.',
  'plan-expired': 'The plan is older than plans are kept. Plan again.',
  'plan-stale-head': 'The plan was made for an older commit. Plan again.',
  'plan-stale-base': 'The base branch changed what was planned. Plan again.',
  'plan-stale-state': 'Something was applied here after the plan was made. Plan again.',
  'plan-stale-config':
    'The workflow or engine that the default branch sets changed after the plan was made. Plan again.',
  'plan-not-shown': 'The plan was not yet shown on the pull request. Wait a moment, then comment again.',
  'plan-not-stored': 'The plan was made, but its file did not arrive. Plan again.',
  'event-dead': 'The event could not be handled after several attempts.',
  'apply-unknown': 'An apply here may have half happened. Plan again to see what is true.',
  'plan-superseded': 'A newer plan replaced this one.',
  'plan-not-as-shown':
    'The plan file is not the plan that was shown: the job that planned reported another one, so nothing was applied. Comment `plumbline plan`, and find out what runs in that job.',
  'plan-code-changed':
    'The plan file was made from other code than the commit has, so nothing was applied. Comment `plumbline plan`; a step of the plan that writes code must be a step of the apply, too.',
  'plan-backend-changed':
    'The plan file would write its state to another place than the configured one, so nothing was applied. Comment `plumbline plan`, and find out what runs in that job.',
  'gate-not-asked':
    'The steps of the plan ask for a gate that its job did not report, so nothing was applied. Comment `plumbline plan`, then have the gate approved.',
  'plan-used': 'The apply began; the plan file is not needed any more.',
  'nothing-to-apply': 'The plan has no changes, so there is nothing to apply.',

  // Apply requirements
  'no-matching-requirement': 'No entry of `apply_requirements.checks` matches this dirspace, so it cannot be applied.',
  'approval-missing': 'An approval is missing.',
  'approval-stale': 'The approval is older than the plan or was given for another commit. Approve again.',
  'approvals-unknown':
    'The reviews could not be read from GitHub, so the answer is no. Try again in a minute, or set `apply_requirements.checks[].approved.enabled: false`.',
  'last-pusher-unknown':
    'Who pushed last could not be read from GitHub, so no approval can be counted. Push again, or set `apply_requirements.checks[].approved.enabled: false`.',
  'reviews-incomplete': 'GitHub does not count the review as complete.',
  'changes-requested': 'A reviewer requested changes.',
  'mergeability-unknown':
    'GitHub still computes whether the pull request can be merged. Try again in a minute, or set `apply_requirements.checks[].merge_conflicts.enabled: false`.',
  'check-failed': 'Another check failed.',
  'check-pending': 'Another check has not finished.',
  'check-missing': 'A required check has not reported.',
  'checks-unknown':
    'The checks could not be read from GitHub completely, so the answer is no. Try again in a minute, or set `apply_requirements.checks[].status_checks.enabled: false`.',
  'rules-unknown':
    'The rules of the base branch could not be read. Give the App "Administration: read", or set `apply_requirements.checks[].status_checks.enabled: false`.',
  'not-merged-yet': 'This is applied only after the merge (`apply_after_merge`).',
  'not-ready-for-review': 'The pull request is a draft, and `require_ready_for_review_pr` is set.',
  'risk-too-high': 'The plan has more risk points than `risk.max_points` allows.',
  'risk-unknown': 'How risky the plan is could not be told, and `risk.max_points` is set. Plan again.',
  'gate-missing': 'A gate is not approved.',
  'gate-unknown-token': 'No gate of this pull request has this name.',
  'gate-denied': 'The gate does not name this person.',

  // Locks
  'locked-by-pull': 'Another pull request holds a dirspace of this one.',
  'lock-kept-after-close':
    'The pull request was closed after it applied something. Its locks stay until `plumbline unlock`.',
  'lock-in-use': 'An apply is running under this lock. Wait until it has ended.',

  // Ends of runs
  'run-superseded': 'A newer commit or command replaced the run.',
  'run-never-started': 'GitHub never started the run. Comment the command again.',
  'run-cancelled': 'The run was cancelled on GitHub. Comment the command again.',
  'run-timed-out': 'The run took longer than GitHub allows. Comment the command again.',
  'run-startup-failure':
    'GitHub could not start the workflow. See the Actions page, correct the workflow file, and comment again.',
  'run-lost': 'The run ended without a report. Comment the command again.',
  'run-silent': 'The runner stopped reporting. Comment the command again.',
  'run-failed': 'The run could not do its work.',
  'run-done': 'The run did what it was asked.',
  'run-unknown': 'The apply may have half happened: nobody knows. Comment `plumbline plan` to see what is true.',
  'run-waiting': 'GitHub has not started the run yet: it waits for a runner or for the reviewers of the environment.',
  'request-lost': 'Permission, approval, plan or lock changed between the command and the run, so nothing was applied.',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASONS;
