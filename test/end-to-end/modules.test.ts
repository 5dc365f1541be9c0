import { afterEach, expect, it } from 'vitest';
import { hasTerraform, openStage } from './open-stage.ts';
import { AUTHOR, decided, REVIEWER, type Stage } from './stage.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

const MODULE = (value: string) => `variable "name" {
  type = string
}

resource "terraform_data" "vpc" {
  input = "\${var.name} ${value}"
}
`;

const calling = (root: string, stateDir: string) => `terraform {
  backend "local" {
    path = "${stateDir}/${root}.tfstate"
  }
}

module "vpc" {
  source = "../modules/vpc"
  name   = "${root}"
}
`;

/** Two roots that call a module, one that does not. */
async function withModule(): Promise<Stage> {
  return openStage({
    roots: ['alone'],
    files: (stateDir) => ({
      'modules/vpc/main.tf': MODULE('one'),
      'network/main.tf': calling('network', stateDir),
      'app/main.tf': calling('app', stateDir),
    }),
  });
}

it.skipIf(!hasTerraform)(
  'plans the roots that call a changed module, in the run that looked who they are, and applies them',
  async () => {
    stage = await withModule();
    const { world, repository, service } = stage;
    await decided(stage, 'installation-saved');
    const before = stage.calls.length;
    const pull = await world.openPullRequest(repository, {
      author: AUTHOR,
      files: { 'modules/vpc/main.tf': MODULE('two') },
    });
    const plan = await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('terraform_data.vpc')),
      'the plan',
      60_000,
    );
    expect(plan).toContain('network');
    expect(plan).toContain('app');
    expect(plan).not.toContain('alone');
    const runs = await service.database.db.selectFrom('run').select(['id', 'state']).execute();
    expect(runs).toHaveLength(1);
    const targets = await service.database.db.selectFrom('run_target').select('dir').orderBy('dir').execute();
    expect(targets).toEqual([{ dir: 'app' }, { dir: 'network' }]);
    const calls = stage.calls.slice(before).map(({ method, route }) => `${method} ${route}`);
    expect(calls.length, calls.join('\n')).toBeLessThanOrEqual(10);

    await world.review(repository, pull, REVIEWER, 'APPROVED');
    world.comment(repository, pull.number, AUTHOR, 'plumbline apply');
    await world.waitFor(
      () => stage?.commentsOf(pull).find((body) => body.includes('2 of 2 dirspaces applied')),
      'the apply',
      60_000,
    );
    await world.merge(repository, pull, AUTHOR);
    await decided(stage, 'pull-merged');
    expect(world.errors).toEqual([]);
  },
  120_000,
);

it('runs a config builder before it plans, and plans what that adds', async () => {
  stage = await openStage({
    roots: ['alone'],
    config: `config_builder:
  enabled: true
  script: |
    cat > /dev/null
    for file in *.env; do
      workspaces="\${workspaces:+$workspaces, }\\"\${file%.env}\\": {}"
    done
    echo "{\\"dirs\\": {\\"alone\\": {\\"workspaces\\": {$workspaces}}}}"
`,
    files: { 'blue.env': '', 'green.env': '' },
  });
  const { world, repository, rootModule, service } = stage;
  const pull = await world.openPullRequest(repository, {
    author: AUTHOR,
    files: { 'alone/main.tf': rootModule('alone', 'two') },
  });
  await world.waitFor(
    () => stage?.commentsOf(pull).find((body) => body.includes('blue') && body.includes('green')),
    'the plan',
    60_000,
  );
  const { db } = service.database;
  const targets = await db.selectFrom('run_target').select(['dir', 'workspace']).orderBy('workspace').execute();
  expect(targets.map(({ dir, workspace }) => `${dir} ${workspace}`)).toEqual([
    'alone blue',
    'alone default',
    'alone green',
  ]);
  expect(await db.selectFrom('run').select('id').execute()).toHaveLength(1);
}, 120_000);

it('plans nothing when a builder fails, and says why', async () => {
  stage = await openStage({
    roots: ['alone'],
    config: 'config_builder:\n  enabled: true\n  script: echo "no such inventory" >&2; exit 4\n',
  });
  const { world, repository, rootModule } = stage;
  const pull = await world.openPullRequest(repository, {
    author: AUTHOR,
    files: { 'alone/main.tf': rootModule('alone', 'two') },
  });
  await world.waitFor(
    () => stage?.commentsOf(pull).find((body) => body.includes('no such inventory')),
    'the failure',
    60_000,
  );
  await decided(stage, 'builder-failed');
}, 120_000);
