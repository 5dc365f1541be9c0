import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { discover } from '../../action/src/discover.ts';
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
