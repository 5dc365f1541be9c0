import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { discover } from '../../action/src/discover.ts';
import { indexWithin } from '../../src/matching/index-within.ts';
import { callersOf, moduleGraph } from '../../src/matching/module-graph.ts';
import { tempDir } from './start-runner.ts';

it('names modules and links of a checkout, and neither follows nor names what leads out of it', async () => {
  using temp = tempDir();
  const put = (path: string, text: string) => {
    mkdirSync(join(temp.path, path, '..'), { recursive: true });
    writeFileSync(join(temp.path, path), text);
  };
  put('live/a/main.tf', 'module "m" {\n  source = "../../modules/m"\n}\n');
  put('modules/m/main.tf', '# nothing');
  put('.git/x.tf', 'module "m" {\n  source = "../live"\n}\n');
  put('big/main.tf', `module "m" {\n  source = "../modules/m"\n}\n#${'x'.repeat(1024 * 1024)}`);
  symlinkSync('../live/a', join(temp.path, 'modules/link'));
  symlinkSync('/etc', join(temp.path, 'absolute'));
  symlinkSync('../../..', join(temp.path, 'live/out'));
  symlinkSync('.', join(temp.path, 'live/self'));
  expect(await discover(temp.path)).toEqual({
    paths: { 'live/a': { modules: ['../../modules/m'] } },
    symlinks: expect.arrayContaining([
      ['modules/link', 'live/a'],
      ['live/self', 'live'],
    ]),
  });
  expect((await discover(temp.path)).symlinks).toHaveLength(2);
});

it('finds a repository whole: a module behind a link, a module of a module, Terragrunt', async () => {
  using temp = tempDir();
  const put = (path: string, text: string) => {
    mkdirSync(join(temp.path, path, '..'), { recursive: true });
    writeFileSync(join(temp.path, path), text);
  };
  const module = (source: string) => `module "m" {\n  source = "${source}"\n}\n`;
  put('modules/vpc/main.tf', '# nothing');
  put('modules/net/main.tf', module('../vpc'));
  symlinkSync('../modules/net', join(mkdirOf(temp.path, 'live'), 'shared'));
  put('live/a/main.tf', module('../shared'));
  put('live/root.hcl', 'locals {}\n');
  put(
    'live/b/terragrunt.hcl',
    'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "../../modules/vpc"\n}\n',
  );
  put('live/c/terragrunt.hcl', 'dependency "b" {\n  config_path = "../b"\n}\n');
  const index = await discover(temp.path);
  const files = [
    'modules/vpc/main.tf',
    'modules/net/main.tf',
    'live/shared',
    'live/a/main.tf',
    'live/root.hcl',
    'live/b/terragrunt.hcl',
    'live/c/terragrunt.hcl',
  ];
  const within = indexWithin(index, files);
  expect(within).toEqual(index);
  const graph = moduleGraph(within);
  expect(callersOf(graph, 'modules/vpc')).toEqual(
    expect.arrayContaining(['live/a', 'live/b', 'live/c', 'modules/net']),
  );
  expect(callersOf(graph, 'live')).toEqual(expect.arrayContaining(['live/b', 'live/c']));
});

function mkdirOf(root: string, dir: string): string {
  mkdirSync(join(root, dir), { recursive: true });
  return join(root, dir);
}
