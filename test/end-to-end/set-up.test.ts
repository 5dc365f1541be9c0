import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hands } from './hand-runner.ts';
import { openStage } from './open-stage.ts';
import { AUTHOR, decided, type Stage } from './stage.ts';
import { checked, quiet, said } from './watching.ts';

const LONG = 60_000;
const PATH = '.github/workflows/plumbline.yml';
let stage: Stage;
let hands: Hands;

beforeAll(async () => {
  stage = await openStage({ world: { runner: { kind: 'manual' } }, workflow: () => null });
  hands = new Hands(stage);
}, LONG);
afterAll(() => stage?.close());

const onDefault = (files: Readonly<Record<string, string>>) =>
  stage.world.commit(stage.repository, { branch: stage.repository.defaultBranch, files, author: AUTHOR });
const open = (root: string, more: Readonly<Record<string, string>> = {}) =>
  stage.world.openPullRequest(stage.repository, {
    author: AUTHOR,
    files: { [`${root}/main.tf`]: stage.rootModule(root, 'two'), ...more },
  });

describe('nothing is run', { timeout: LONG }, () => {
  it('without the workflow file, and the comment has the whole of it', async () => {
    const pull = await open('network');
    const comment = await said(stage, pull, 'is not ready');
    for (const line of stage.workflowText
      .split('\n')
      .filter((text) => /^(name|on|permissions|jobs|run-name)/.test(text))) {
      expect(comment).toContain(line);
    }
    expect(comment).toContain('```yaml');
    expect(comment).toContain(`server: ${stage.service.url}`);
    await checked(stage, pull.headSha, 'plumbline/plan', /^(action_required|failure)$/);
    await quiet(stage);
    expect(stage.world.runs).toEqual([]);
  });

  it('without the permissions that it needs, and the comment has the lines', async () => {
    await onDefault({ [PATH]: stage.workflowText.replace(/^permissions:\n( {2}.*\n)+/m, '') });
    const pull = await open('database');
    const comment = await said(stage, pull, 'is not ready');
    expect(comment).toContain('permissions:\n  contents: read\n  id-token: write');
    await quiet(stage);
    expect(stage.world.runs).toEqual([]);
  });

  it('with permissions that it must not have, and the comment names them', async () => {
    await onDefault({ [PATH]: stage.workflowText.replace('contents: read', 'contents: write') });
    const pull = await open('app');
    expect(await said(stage, pull, 'is not ready')).toContain('contents: write');
    await quiet(stage);
    expect(stage.world.runs).toEqual([]);
  });

  it('in an environment that the workflow file does not take, and the comment has the lines', async () => {
    await onDefault({
      [PATH]: stage.workflowText.replace(/^ {6}environment:\n( {8}.*\n)+/m, '').replace(/^ {4}environment: .*\n/m, ''),
      '.plumbline/config.yml': "workflows:\n  - tag_query: ''\n    environment: production\n",
    });
    const pull = await open('network');
    const comment = await said(stage, pull, 'is not ready');
    expect(comment).toContain('      environment:\n');
    expect(comment).toContain('    environment: ${{ inputs.environment }}');
    await quiet(stage);
    expect(stage.world.runs).toEqual([]);
  });

  it('while the configuration of the head is broken, and the comment has file, line and column', async () => {
    await onDefault({ [PATH]: stage.workflowText, '.plumbline/config.yml': 'parallel_runs: 3\n' });
    const broken = '# ours\ndirs:\n  network:\n    tagz: [one]\n';
    const pull = await open('database', { '.plumbline/config.yml': broken });
    const comment = await said(stage, pull, 'Nothing was run');
    expect(comment).toMatch(/\.plumbline\/config\.yml.*\|\s*4:5\s*\|/);
    expect(comment).toContain('tagz');
    await checked(stage, pull.headSha, 'plumbline/plan', /^(action_required|failure)$/);
    await decided(stage, 'config-broken');
    await quiet(stage);
    expect(stage.world.runs).toEqual([]);
    await stage.world.push(stage.repository, pull, { '.plumbline/config.yml': 'parallel_runs: 2\n' });
    const run = await hands.next();
    expect(run.actions.asked).toEqual({ 'run-id': run.id });
    await run.plan();
    await said(stage, pull, 'terraform_data.this');
  });

  it('in an environment that does not exist, and the comment has the line that makes it', async () => {
    await onDefault({
      [PATH]: stage.workflowText,
      '.plumbline/config.yml':
        "workflows:\n  - tag_query: ''\n    environment: production\n    runs_on: [self-hosted, iac]\n",
    });
    const pull = await open('app');
    const comment = await said(stage, pull, 'a GitHub environment is missing');
    expect(comment).toContain('gh api --method PUT "repos/{owner}/{repo}/environments/production"');
    await checked(stage, pull.headSha, 'plumbline/plan', /^(action_required|failure)$/);
    await quiet(stage);
    expect(stage.world.runs.every(({ environment }) => environment === undefined)).toBe(true);
    stage.world.addEnvironment(stage.repository, 'production');
    stage.world.comment(stage.repository, pull.number, AUTHOR, 'plumbline plan');
    const run = await hands.next();
    // Exactly what is needed stands on the Actions page, where everybody with read permission sees it.
    expect(run.actions.asked).toEqual({
      'run-id': run.id,
      environment: 'production',
      runs_on: '["self-hosted","iac"]',
    });
    await run.plan();
    await said(stage, pull, 'terraform_data.this');
  });
});
