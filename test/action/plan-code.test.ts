import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { otherCode } from '../../action/src/plan-code.ts';
import { zipEntries } from '../../action/src/plan-zip.ts';
import { tempDir } from './start-runner.ts';
import { zip } from './zip-file.ts';

type Files = Readonly<Record<string, string>>;
interface Module {
  readonly Key: string;
  readonly Dir: string;
  readonly [more: string]: unknown;
}

const ROOT: Module = { Key: '', Dir: '.' };
/** Where the job that planned had its modules; an apply has them elsewhere. */
const modules = (...more: readonly Module[]) => JSON.stringify([ROOT, ...more]);

/** What differs between the code in a plan file and what stands in a directory after `init`. */
async function differs(what: {
  readonly here: Files;
  readonly planned: Files;
  readonly called?: readonly Module[];
  readonly engine?: 'terraform' | 'tofu';
  readonly version?: string;
}) {
  using dir = tempDir();
  const [path, dataDir] = [join(dir.path, 'root'), join(dir.path, 'data')];
  const list = JSON.stringify({ Modules: [ROOT, ...(what.called ?? [])] });
  for (const [name, text] of Object.entries({ ...what.here, '../data/modules/modules.json': list })) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  const { engine = 'terraform', version = '1.11.4' } = what;
  const tool = { engine, version, path: '', sha256: '' };
  return await otherCode(zipEntries(zip({ tfplan: '', ...what.planned })), { path, dataDir, tool });
}

describe('the code in a plan file', () => {
  const here = { 'main.tf': 'a', 'm/main.tf': 'b', '../data/modules/far/main.tf': 'c' };
  const called = [
    { Key: 'near', Source: './m', Dir: 'm' },
    { Key: 'near.again', Source: './m', Dir: 'm' },
    { Key: 'far', Source: 'git::x', Dir: '../data/modules/far' },
  ];
  const same = {
    'tfconfig/modules.json': modules(
      { Key: 'near', Source: './m', Dir: 'm', Unknown: 1 },
      { Key: 'near.again', Source: './m', Dir: './m/' },
      { Key: 'far', Source: 'git::x', Version: '1.0.0', Dir: '/tmp/other/modules/far' },
    ),
    'tfconfig/m-/main.tf': 'a',
    'tfconfig/m-near/main.tf': 'b',
    'tfconfig/m-near.again/main.tf': 'b',
    'tfconfig/m-far/main.tf': 'c',
  };

  it('is the same when every file of every module is, wherever modules were put', async () => {
    expect(await differs({ here, called, planned: same })).toEqual([]);
  });

  it.each<readonly [string, Files, readonly string[]]>([
    ['a file of the root', { 'tfconfig/m-/main.tf': 'A' }, ['main.tf']],
    ['a file of a module', { 'tfconfig/m-far/main.tf': 'C' }, ['module far: main.tf']],
    ['one more file', { 'tfconfig/m-/more.tf': '' }, ['more.tf']],
    ['a file that the engine does not read', { 'tfconfig/m-/.more.tf': '' }, ['.more.tf']],
  ])('differs in %s', async (_, change, expected) => {
    expect(await differs({ here, called, planned: { ...same, ...change } })).toEqual(expected);
  });

  it('differs when it lacks a file, a called module, or the root', async () => {
    expect(await differs({ here: { ...here, 'x.tf': '' }, called, planned: same })).toEqual(['x.tf']);
    expect(await differs({ here, called: called.slice(0, 2), planned: same })).toEqual(['module far']);
    expect(await differs({ here, planned: { 'tfconfig/modules.json': '[]' } })).toEqual(['the root module']);
    expect(await differs({ here, planned: {} })).toEqual(['the root module']);
  });

  it('differs when two modules are said to be in one place, since the engine takes either for both', async () => {
    const list = modules({ Key: 'near', Dir: 'm' }, { Key: 'near.again', Dir: 'm' }, { Key: 'far', Dir: 'x/../m' });
    expect(await differs({ here, called, planned: { ...same, 'tfconfig/modules.json': list } })).toEqual([
      'module far',
    ]);
    const above = modules({ Key: 'near', Dir: '../m' }, { Key: 'near.again', Dir: '../m' }, { Key: 'far', Dir: 'm' });
    expect(await differs({ here, called, planned: { ...same, 'tfconfig/modules.json': above } })).toEqual([]);
  });

  it.each<readonly [string, Files]>([
    ['names a module twice', { 'tfconfig/modules.json': JSON.stringify([ROOT, ROOT]) }],
    [
      'names a place in letters that engine and reader might read apart',
      { 'tfconfig/modules.json': '[{"Key":"","Dir":".","dir":"m"}]' },
    ],
    ['names a source with a long s', { 'tfconfig/modules.json': '[{"Key":"","Dir":".","\u017fource":"m"}]' }],
    ['names a key with a sign for kelvin', { 'tfconfig/modules.json': '[{"Key":"","Dir":".","\u212aey":"m"}]' }],
    ['names a place that is no text', { 'tfconfig/modules.json': '[{"Key":"","Dir":null}]' }],
    ['names a place in half a character', { 'tfconfig/modules.json': '[{"Key":"","Dir":"\\ud800"}]' }],
    ['has files of a module that it does not name', { 'tfconfig/m-other/main.tf': '' }],
    ['has files in no module', { 'tfconfig/m-main.tf': '' }],
    ['has files beside all modules', { 'tfconfig/other': '' }],
  ])('cannot be read when it %s', async (_, change) => {
    await expect(differs({ here, called, planned: { ...same, ...change } })).rejects.toThrow('not a plan file');
  });

  const twins = { 'main.tf': 'tf', 'main.tofu': 'tofu', 'x.tf.json': '{}', 'notes.md': '' };
  const only = (...names: readonly (keyof typeof twins)[]) => ({
    'tfconfig/modules.json': modules(),
    ...Object.fromEntries(names.map((name) => [`tfconfig/m-/${name}`, twins[name]])),
  });
  it.each([
    ['terraform', '1.11.4', ['main.tf', 'x.tf.json'], []],
    ['tofu', '1.7.9', ['main.tf', 'x.tf.json'], []],
    ['tofu', '1.8.0', ['main.tofu', 'x.tf.json'], []],
    ['tofu', '1.10.2', ['main.tf', 'x.tf.json'], ['main.tf', 'main.tofu']],
    ['terraform', '1.11.4', ['main.tofu', 'main.tf', 'x.tf.json'], ['main.tofu']],
  ] as const)('is what %s %s reads: %j', async (engine, version, names, expected) => {
    expect(await differs({ here: twins, planned: only(...names), engine, version })).toEqual(expected);
  });
});
