import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { RawRepoConfig } from '../../src/config/schema.ts';
import { meaning, parsed, SAMPLES } from './samples.ts';

/** Every key of every map in the schema, as `FORM.key`, that the value uses. */
function used(schema: unknown, value: unknown, form: string, found: Set<string>): void {
  if (value === undefined || value === null) {
    return;
  }
  if (schema instanceof z.ZodOptional) {
    used(schema.unwrap(), value, form, found);
  } else if (schema instanceof z.ZodUnion) {
    for (const [index, option] of schema.options.entries()) {
      const one = option as z.ZodType;
      if (one.safeParse(value).success) {
        used(one, value, `${form}|${index}`, found);
        return;
      }
    }
  } else if (schema instanceof z.ZodArray && Array.isArray(value)) {
    for (const item of value) {
      used(schema.element, item, `${form}[]`, found);
    }
  } else if (schema instanceof z.ZodRecord && typeof value === 'object') {
    for (const item of Object.values(value)) {
      used(schema.valueType, item, `${form}.*`, found);
    }
  } else if (schema instanceof z.ZodObject && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) {
      found.add(`${form}.${name}`);
      used(schema.shape[name], inner, `${form}.${name}`, found);
    }
  }
}

/** All keys of maps that are not reached through a shared form twice: hooks and steps repeat themselves. */
function all(schema: unknown, form: string, found: Set<string>): void {
  if (schema instanceof z.ZodOptional) {
    all(schema.unwrap(), form, found);
  } else if (schema instanceof z.ZodUnion) {
    for (const [index, option] of schema.options.entries()) {
      all(option, `${form}|${index}`, found);
    }
  } else if (schema instanceof z.ZodArray) {
    all(schema.element, `${form}[]`, found);
  } else if (schema instanceof z.ZodRecord) {
    all(schema.valueType, `${form}.*`, found);
  } else if (schema instanceof z.ZodObject) {
    for (const [name, inner] of Object.entries(schema.shape)) {
      found.add(`${form}.${name}`);
      all(inner, `${form}.${name}`, found);
    }
  }
}

/** One name for keys of forms that stand at several places, so that one sample of each is enough. */
function shared(name: string): string {
  return name
    .replace(/^\.hooks\.(?:all|plan|apply)\.(?:pre|post)\[\]\|\d/, '.step')
    .replace(/^\.workflows\[\]\.(?:plan|apply)\[\]\|\d/, '.step')
    .replace(/^\.hooks\.(?:all|plan|apply)/, '.hooks.any')
    .replace(/^\.workflows\[\]\.engine/, '.engine')
    .replace(/^\.workflows\[\]\.integrations/, '.integrations')
    .replace(/^(?:\.dirs\.\*(?:\.(?:workspaces|stacks)\.\*)?)\.when_modified/, '.when_modified')
    .replace(/^\.dirs\.\*\.stacks/, '.dirs.*.workspaces')
    .replace('.step.gate', '.gate')
    .replace(/\.depends_on\|\d/, '.depends_on');
}

describe('every key of the schema', () => {
  it('is used by a sample', () => {
    const wanted = new Set<string>();
    all(RawRepoConfig, '', wanted);
    const seen = new Set<string>();
    for (const text of SAMPLES) {
      used(RawRepoConfig, parse(text), '', seen);
    }
    const names = new Set([...seen].map(shared));
    expect([...new Set([...wanted].map(shared))].filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(SAMPLES.map((text, index) => [index, text] as const))('is accepted in sample %i', (_index, text) => {
    expect(() => meaning(text)).not.toThrow();
  });
});

describe('what a file means', () => {
  const empty = meaning('');
  const full = meaning(SAMPLES[0] ?? '');
  const second = meaning(SAMPLES[1] ?? '');
  const anything = { text: '', expression: { kind: 'anything' } };

  it('is all defaults when it is empty', () => {
    expect(empty).toEqual({
      enabled: true,
      whenModified: {
        filePatterns: ['$' + '{DIR}/*.tf', '$' + '{DIR}/*.tfvars'],
        autoplan: true,
        autoplanDraftPr: true,
        autoapply: false,
      },
      dirs: [],
      workflows: [],
      placements: [],
      engine: { name: 'terraform', outputs: { collect: true } },
      hooks: { all: { pre: [], post: [] }, plan: { pre: [], post: [] }, apply: { pre: [], post: [] } },
      parallelRuns: 3,
      batchRuns: { enabled: false, maxWorkspacesPerBatch: 1 },
      createAndSelectWorkspace: true,
      checkoutStrategy: 'merge',
      defaultBranchOverrides: [
        'workflows',
        'hooks',
        'engine',
        'integrations',
        'config_builder',
        'tree_builder',
        'cost_estimation',
      ],
      destinationBranches: [],
      accessControl: {
        enabled: true,
        policies: [
          {
            tagQuery: anything,
            plan: [{ kind: 'anyone' }],
            apply: [{ kind: 'anyone' }],
            applyForce: [],
            applyAutoapprove: [],
            superapproval: [],
            applyWithSuperapproval: [],
          },
        ],
        configUpdate: [{ kind: 'anyone' }],
        ciConfigUpdate: [{ kind: 'anyone' }],
        files: [],
        unlock: [{ kind: 'anyone' }],
        applyRequireAllDirspaceAccess: true,
        planRequireAllDirspaceAccess: false,
      },
      applyRequirements: {
        createPendingApplyCheck: true,
        createCompletedApplyCheckOnNoop: false,
        approvals: 'head',
        staleApprovals: 'drop',
        repeatGateSteps: true,
        checks: [
          {
            tagQuery: anything,
            approved: { enabled: false, allOf: [], anyOf: [], anyOfCount: 1, requireCompletedReviews: false },
            mergeConflicts: { enabled: true },
            statusChecks: { enabled: true, ignoreMatching: [] },
            applyAfterMerge: { enabled: false },
            requireReadyForReviewPr: true,
          },
        ],
      },
      automerge: {
        enabled: false,
        deleteBranch: false,
        requireExplicitApply: false,
        retainPrTitle: false,
        mergeStrategy: 'auto',
      },
      costEstimation: { enabled: true, provider: 'infracost', currency: 'USD' },
      drift: { enabled: false, schedules: [] },
      storage: { plans: { method: 'service' } },
      tags: { branch: [], destBranch: [] },
      stacks: [],
      notifications: { policies: [], summary: { enabled: false } },
      integrations: { resourcely: { enabled: false, extraArgs: [] } },
      configBuilder: { enabled: false },
      treeBuilder: { enabled: false },
      modules: 'auto',
      forks: { kind: 'off' },
      baseMoved: 'paths',
      stalePlans: 'replan',
      applyPartially: false,
      checks: 'summary',
      labels: false,
      commandAliases: [],
      trustedBots: [],
    });
  });

  it.each<[string, unknown, unknown]>([
    [
      'global patterns are rewritten',
      full.whenModified.filePatterns,
      ['$' + '{DIR}/*.tf', '$' + '{DIR}/*.json', '!$' + '{DIR}/x.tf', '$' + '{DIR}/../shared/*.tf', 'lib/**'],
    ],
    [
      'a directory that is a glob is one',
      full.dirs.map(({ key, glob }) => [key, glob]),
      [
        ['prod', false],
        ['old', false],
        ['modules/**', true],
      ],
    ],
    [
      'a workspace inherits key by key',
      full.dirs[0]?.workspaces.map(({ whenModified }) => [
        whenModified.autoplan,
        whenModified.autoapply,
        whenModified.dependsOn?.pruneOnNoChange,
      ]),
      [
        [false, true, true],
        [true, true, true],
      ],
    ],
    ['an empty pattern list stays empty', full.dirs[0]?.workspaces[0]?.whenModified.filePatterns, []],
    [
      'a workspace has its own tags and those of its directory',
      full.dirs[0]?.workspaces.map(({ name, tags }) => [name, tags]),
      [
        ['eu', ['p', 'e']],
        ['us', ['p']],
      ],
    ],
    [
      'old stacks of a directory are workspaces',
      full.dirs[1]?.workspaces.map(({ name, tags }) => [name, tags]),
      [['one', ['t', 'stack:one']]],
    ],
    [
      'the old version key is the version of the engine',
      full.engine,
      { name: 'terraform', version: '1.5.7', outputs: { collect: true } },
    ],
    ['a batch holds one at least', full.batchRuns, { enabled: true, maxWorkspacesPerBatch: 1 }],
    [
      'a branch alone takes every source',
      full.destinationBranches,
      [
        { branch: 'main', sourceBranches: ['*'] },
        { branch: 'release/*', sourceBranches: ['*', '!hack/*'] },
      ],
    ],
    [
      'people are in lower case',
      full.accessControl.policies[0]?.apply,
      [
        { kind: 'user', login: 'alice' },
        { kind: 'team', slug: 'sre' },
      ],
    ],
    [
      'an old role name is a role',
      full.accessControl.policies[0]?.applyAutoapprove,
      [{ kind: 'role', role: 'maintain' }],
    ],
    ['code owners can be named', full.accessControl.policies[0]?.superapproval, [{ kind: 'codeowners' }]],
    [
      'the old name of the key that guards the configuration',
      second.accessControl.configUpdate,
      [{ kind: 'user', login: 'x' }],
    ],
    [
      'the old form of requirements is one check for all',
      second.applyRequirements.checks.map(({ tagQuery, approved, mergeConflicts }) => [
        tagQuery.text,
        approved.enabled,
        approved.anyOfCount,
        mergeConflicts.enabled,
      ]),
      [['', true, 2, false]],
    ],
    ['risk is a threshold', full.applyRequirements.checks[0]?.risk, { maxPoints: 10 }],
    [
      'approvals may be bound to the plan',
      [full.applyRequirements.approvals, full.applyRequirements.staleApprovals],
      ['plan', 'keep'],
    ],
    ['gate steps may be left alone before an apply', full.applyRequirements.repeatGateSteps, false],
    [
      'the old form of drift is one schedule',
      second.drift,
      {
        enabled: true,
        schedules: [
          {
            name: 'default',
            schedule: 'weekly',
            reconcile: true,
            tagQuery: { text: 'x', expression: { kind: 'tag', tag: 'x' } },
          },
        ],
      },
    ],
    [
      'a window has abbreviations and IANA zones',
      full.drift.schedules[0]?.window,
      {
        start: { minutes: 1320, zone: { kind: 'offset', minutesEastOfUtc: 0, name: 'UTC' } },
        end: { minutes: 390, zone: { kind: 'iana', name: 'Europe/Berlin' } },
      },
    ],
    [
      'planning waits for what modifies',
      full.stacks.find(({ name }) => name === 'app')?.rules,
      { planAfter: ['base'], applyAfter: ['base'], modifiedBy: ['base'], autoApply: false },
    ],
    [
      'a stack may hold stacks',
      full.stacks.find(({ name }) => name === 'all')?.select,
      { kind: 'stacks', stacks: ['base', 'app'] },
    ],
    [
      'one environment is that of plan and apply',
      second.placements[0]?.environment,
      { plan: 'prod-$' + '{env}', apply: 'prod-$' + '{env}' },
    ],
    ['environments may differ', second.placements[1]?.environment, { plan: 'p', apply: 'a' }],
    ['the kind of runner is kept as it is', second.placements[0]?.runsOn, { group: 'big', labels: ['self-hosted'] }],
    [
      'placements and workflows stand in the same order',
      second.placements.map(({ tagQuery }) => tagQuery.text),
      second.workflows.map(({ tagQuery }) => tagQuery.text),
    ],
    [
      'a wrapper of the same program inherits its version',
      second.workflows[8]?.engine,
      { name: 'terragrunt', tfCmd: 'tofu', tfVersion: '1.8.1', outputs: { collect: false } },
    ],
    [
      'another program inherits no version',
      second.workflows[3]?.engine,
      { name: 'terraform', version: '1', overrideTfCmd: 'x', outputs: { collect: false } },
    ],
    [
      'the old version of a workflow is an engine',
      second.workflows[7]?.engine,
      { name: 'terraform', version: '1.4.0', outputs: { collect: false } },
    ],
    [
      'the old switch is an engine',
      second.workflows[9]?.engine,
      { name: 'cdktf', tfCmd: 'tofu', tfVersion: '1.8.1', outputs: { collect: false } },
    ],
    [
      'steps have their defaults',
      meaning('workflows: [{tag_query: x}]').workflows[0],
      {
        tagQuery: { text: 'x', expression: { kind: 'tag', tag: 'x' } },
        plan: [
          { type: 'init', extraArgs: [], env: {} },
          { type: 'plan', extraArgs: [], env: {}, mode: 'strict' },
        ],
        apply: [
          { type: 'init', extraArgs: [], env: {} },
          {
            type: 'apply',
            extraArgs: [],
            env: {},
            retry: { enabled: false, tries: 3, initialSleepSeconds: 5, backoff: 1.5 },
          },
        ],
        engine: { name: 'terraform', outputs: { collect: true } },
        integrations: { resourcely: { enabled: false, extraArgs: [] } },
      },
    ],
    [
      'the old index switch is modules',
      [
        meaning('indexer: {enabled: false}').modules,
        meaning('indexer: {enabled: true}').modules,
        meaning('indexer: {enabled: false}\nmodules: auto').modules,
      ],
      ['off', 'auto', 'auto'],
    ],
    ['aliases are named once', full.commandAliases, ['atlantis', 'terrateam']],
    ['bots are in lower case', full.trustedBots, ['renovate[bot]']],
    ['forks may be planned', full.forks, { kind: 'plan', environment: 'sandbox' }],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(full))).toEqual(full);
  });

  it('says what has no effect without refusing it', () => {
    expect(parsed('checkout_strategy: checkout').raw.checkout_strategy).toBe('checkout');
  });
});
