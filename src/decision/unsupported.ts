import type { Hooks, RepoConfig, Workflow } from '../domain/repo-config.ts';
import type { WorkflowStep } from '../domain/workflow-step.ts';

/** What the engine does for a plan and for an apply; `show` and the checks before an apply come with it. */
const STEPS = { plan: ['init', 'plan'], apply: ['init', 'apply'] } as const;
const MAX_NAMED = 10;

/**
 * What the configuration asks of a run and the runner of this version does not do, in words for people; empty: it does it all.
 * Nothing may be run without it: a policy check or a login that is left out in silence is worse than no run. Both lists of a
 * workflow are read for either kind of run, so that it is known before a plan is made that its apply could not be.
 */
export function unsupportedBy(config: RepoConfig, workflow: Workflow | null): readonly string[] {
  const found = [
    ...(workflow === null ? [] : inWorkflow(config, workflow)),
    ...inHooks(config.hooks),
    ...inSettings(config, workflow),
  ];
  return found.length <= MAX_NAMED ? found : [...found.slice(0, MAX_NAMED), `And ${found.length - MAX_NAMED} more.`];
}

function inWorkflow(config: RepoConfig, workflow: Workflow): readonly string[] {
  const place = config.workflows.indexOf(workflow) + 1;
  const query = workflow.tagQuery.text.replaceAll('`', "'");
  const name = query === '' ? `Workflow ${place}` : `Workflow ${place} (\`${query}\`)`;
  return (['plan', 'apply'] as const).flatMap((list) => [
    ...workflow[list].flatMap((step, index) =>
      inStep(step).map((what) => `${name}: step ${index + 1} of \`${list}\`, ${what}, is not carried out.`),
    ),
    ...missingSteps(workflow[list], list).map((what) => `${name}: \`${list}\` ${what}.`),
  ]);
}

function inStep(step: WorkflowStep): readonly string[] {
  switch (step.type) {
    case 'plan':
      return step.mode === 'strict' ? [] : ['`mode` of `plan`'];
    case 'apply':
      return step.retry.enabled ? ['`retry` of `apply`'] : [];
    case 'oidc':
      return ['`oidc`'];
    case 'init':
    case 'run':
    case 'env':
    case 'checkov':
    case 'conftest':
    case 'opa':
    case 'gates':
      return [];
  }
}

/** Other steps may stand anywhere; those of the engine must be exactly what the runner does, in its order. */
function missingSteps(steps: readonly WorkflowStep[], list: 'plan' | 'apply'): readonly string[] {
  const own = steps.map(({ type }) => type).filter((type) => type === 'init' || type === 'plan' || type === 'apply');
  return own.join() === STEPS[list].join() ? [] : [`must have \`${STEPS[list].join('`, then `')}\`, each once`];
}

function inHooks(hooks: Hooks): readonly string[] {
  return (['all', 'plan', 'apply'] as const).flatMap((on) =>
    (['pre', 'post'] as const).flatMap((when) =>
      hooks[on][when].flatMap(({ type }, index) =>
        type === 'oidc' ? [`\`hooks.${on}.${when}\`: step ${index + 1}, \`${type}\`, is not carried out.`] : [],
      ),
    ),
  );
}

function inSettings(config: RepoConfig, workflow: Workflow | null): readonly string[] {
  const engine = workflow?.engine ?? config.engine;
  const integrations = workflow?.integrations ?? config.integrations;
  const { method } = config.storage.plans;
  const found: readonly (readonly [boolean, string])[] = [
    ['overrideTfCmd' in engine && engine.overrideTfCmd !== undefined, '`engine.override_tf_cmd` is not carried out.'],
    [
      method !== 'service',
      `\`storage.plans.method: ${method}\` is not carried out; plans are stored with this service.`,
    ],
    [config.planKey !== undefined, '`plan_key` is not carried out; plans are sealed with keys of this service alone.'],
    [integrations.resourcely.enabled, '`integrations.resourcely` is not carried out.'],
  ];
  return found.flatMap(([asked, text]) => (asked ? [text] : []));
}
