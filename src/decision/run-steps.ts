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
  run: { readonly kind: RunKind; readonly autoapprove: boolean },
): Pick<TargetSettings, 'steps' | 'stack' | 'variables'> {
  const workflow = part.workflow === null ? undefined : config.workflows[part.workflow];
  const steps = workflow === undefined ? null : run.kind === 'plan' ? workflow.plan : workflow.apply;
  const both =
    workflow !== undefined && run.autoapprove
      ? [...workflow.plan, ...workflow.apply.filter(({ type }) => type !== 'init')]
      : steps;
  return {
    ...(both === null ? {} : { steps: both.flatMap(carriedOut) }),
    ...(part.stack === 'default' ? {} : { stack: part.stack }),
    ...(Object.keys(part.stackVariables).length === 0 ? {} : { variables: part.stackVariables }),
  };
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
