import type { RepoConfig } from '../domain/repo-config.ts';
import type { RunKind } from '../domain/run.ts';
import type { RunnerHook, RunnerStep } from '../domain/runner-step.ts';
import type { TargetSettings } from '../domain/snapshot.ts';
import type { HookStep, WorkflowStep } from '../domain/workflow-step.ts';
import type { Part } from './work.ts';

/**
 * What the runner does for a dirspace, as its workflow says; nothing where it has none. A run that plans and applies at
 * once does both lists, and prepares the directory once.
 */
export function stepsOf(
  config: RepoConfig,
  part: Pick<Part, 'workflow' | 'stack' | 'stackVariables'>,
  run: { readonly kind: RunKind; readonly autoapprove: boolean; readonly force: boolean },
): Pick<TargetSettings, 'steps' | 'gateSteps' | 'stack' | 'variables'> {
  const workflow = part.workflow === null ? undefined : config.workflows[part.workflow];
  const steps = workflow === undefined ? null : run.kind === 'plan' ? workflow.plan : workflow.apply;
  const both =
    workflow !== undefined && run.autoapprove
      ? [...workflow.plan, ...workflow.apply.filter(({ type }) => type !== 'init')]
      : steps;
  return {
    ...(both === null ? {} : { steps: both.flatMap(carriedOut) }),
    ...(workflow === undefined ? {} : gateStepsOf(config, workflow, run)),
    ...(part.stack === 'default' ? {} : { stack: part.stack }),
    ...(Object.keys(part.stackVariables).length === 0 ? {} : { variables: part.stackVariables }),
  };
}

/**
 * The steps of a plan that an apply does again on the plan file: those that can stop a plan or ask for a gate, and everything
 * up to the last of them, since they may need what those before them made. Where gates do not count there are none.
 */
function gateStepsOf(
  config: RepoConfig,
  { plan }: RepoConfig['workflows'][number],
  run: { readonly kind: RunKind; readonly autoapprove: boolean; readonly force: boolean },
): Pick<TargetSettings, 'gateSteps'> {
  const last = plan.findLastIndex(mayHold);
  return run.kind === 'plan' || run.autoapprove || run.force || !config.applyRequirements.repeatGateSteps || last < 0
    ? {}
    : {
        gateSteps: plan
          .slice(0, last + 1)
          .filter(({ type }) => type !== 'init' && type !== 'plan')
          .flatMap(carriedOut),
      };
}

/** Can an apply depend on how this step ends? A step that only runs a command and has no gate may be anything. */
function mayHold(step: WorkflowStep): boolean {
  switch (step.type) {
    case 'gates':
      return true;
    case 'checkov':
    case 'conftest':
    case 'opa':
      return step.gate !== undefined || !step.ignoreErrors;
    case 'run':
      return step.onError.length > 0;
    case 'init':
    case 'plan':
    case 'apply':
    case 'env':
    case 'oidc':
      return false;
  }
}

/** What is done once per run: `all` first, then what stands for this kind of run. */
export function hooksOf({ hooks }: RepoConfig, kind: RunKind): Pick<TargetSettings, 'hooks'> {
  const pre = [...hooks.all.pre, ...hooks[kind].pre].flatMap(onceCarriedOut);
  const post = [...hooks.all.post, ...hooks[kind].post].flatMap(onceCarriedOut);
  return pre.length === 0 && post.length === 0 ? {} : { hooks: { pre, post } };
}

/** What is left out here was refused before (`steps-unsupported`). */
function carriedOut(step: WorkflowStep): readonly RunnerStep[] {
  return step.type === 'oidc' ? [] : [step];
}

/** Drift has issues without being asked; in a pull request the step does nothing. */
function onceCarriedOut(step: HookStep): readonly RunnerHook[] {
  return step.type === 'oidc' || step.type === 'drift_create_issue' ? [] : [step];
}
