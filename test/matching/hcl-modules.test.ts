import { parse } from '@cdktf/hcl2json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localModuleSources, localModuleSourcesJson, terragruntPaths } from '../../src/matching/hcl-modules.ts';
import { buildModuleIndex, isIndexed } from '../../src/matching/module-index.ts';

/** What HashiCorp's own parser says: https://github.com/hashicorp/hcl by way of hcl2json. */
async function oracle(text: string): Promise<readonly string[] | undefined> {
  const parsed: Record<string, unknown> | undefined = await parse('main.tf', text).catch(() => undefined);
  if (parsed === undefined) {
    return undefined;
  }
  return valuesOf(parsed.module)
    .flat()
    .map((block) => (typeof block === 'object' && block !== null && 'source' in block ? block.source : undefined))
    .filter((source) => typeof source === 'string')
    .filter((source) => /^\.\.?\//.test(source) && !source.includes('$'.concat('{')))
    .sort();
}

function valuesOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

const SAMPLES: readonly (readonly [string, string])[] = [
  ['a plain call', 'module "a" {\n  source = "./x"\n}\n'],
  ['one line', 'module "a" { source = "../x" }\n'],
  ['two attributes in any order', 'module "a" {\n  count = 2\n  source="./x"\n  name = "y"\n}\n'],
  [
    'comments around and inside',
    '# module "no" { source = "./no" }\n/* module "no" {\n source = "./no" } */\nmodule "a" { // x\n  # source = "./no"\n  source = "./x" # "./no"\n}\n',
  ],
  [
    'heredocs',
    'locals {\n  x = <<-EOT\n    module "no" {\n      source = "./no"\n    }\n  EOT\n}\nmodule "a" {\n  source = "./x"\n}\n',
  ],
  [
    'strings with braces and quotes',
    'locals {\n  x = "} module \\"no\\" { source = \\"./no\\""\n  y = "${join(",", ["}", "{"])}"\n}\nmodule "a" {\n  source = "./x"\n}\n',
  ],
  [
    'templates in templates',
    'locals {\n  x = "a${"b${"c"}"}d"\n  y = "%{ if true }x%{ endif }"\n  z = "$${not}"\n}\nmodule "a" {\n  source = "./x"\n}\n',
  ],
  [
    'a source deeper inside',
    'module "a" {\n  source = "./x"\n  tags = {\n    source = "./no"\n  }\n  list = [{ source = "./no" }]\n}\n',
  ],
  [
    'other blocks with a source',
    'resource "x" "y" {\n  source = "./no"\n}\nterraform {\n  required_providers {\n    a = { source = "./no" }\n  }\n}\n',
  ],
  [
    'remote modules',
    'module "a" {\n  source = "hashicorp/consul/aws"\n}\nmodule "b" {\n  source = "git::https://x/y.git//../z"\n}\n',
  ],
  [
    'several',
    'module "a" {\n  source = "./x"\n}\nmodule "b" {\n  source = "../y/z"\n}\nmodule "c" {\n  source = "./x"\n}\n',
  ],
  [
    'for expressions and conditionals',
    'locals {\n  a = { for k, v in { b = 1 } : k => v if v == 1 }\n  c = true ? "./no" : "./no2"\n}\nmodule "a" {\n  for_each = { for k in ["a"] : k => k }\n  source = "./x"\n}\n',
  ],
  ['Windows line ends', 'module "a" {\r\n  source = "./x"\r\n}\r\n'],
  ['names in other scripts', 'locals {\n  größe = 1\n}\nmodule "a" {\n  source = "./mödul"\n}\n'],
  ['escapes', 'module "a" {\n  source = "./\\u0078"\n}\n'],
  [
    'functions and providers',
    'locals {\n  a = provider_x("a")\n  b = templatefile("./no", {})\n}\nmodule "a" {\n  source = "./x"\n  providers = {\n    aws = aws.west\n  }\n}\n',
  ],
  ['nothing', ''],
];

describe('local module sources', () => {
  it.each(SAMPLES)('%s: as the real parser finds them', async (_name, text) => {
    const expected = await oracle(text);
    expect(expected).toBeDefined();
    expect([...localModuleSources(text)].sort()).toEqual(expected);
  });

  it('are those of the real parser wherever that accepts the text', async () => {
    const piece = fc.constantFrom(
      'module "a" {\n',
      'module "b" { source = "./one" }\n',
      'locals {\n',
      '}\n',
      '  source = "./x"\n',
      '  x = "y"\n',
      '  y = "${"z"}"\n',
      '  # source = "./no"\n',
      '  /* } */\n',
      '  t = <<EOT\n}\nmodule "h" {\nEOT\n',
      '  m = {\n',
      '  }\n',
      '  q = "\\"}"\n',
      '  l = [1, 2]\n',
      '  n = 1 == 2 ? 3 : 4\n',
      'resource "a" "b" {\n',
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const text = pieces.join('');
        const expected = await oracle(text);
        if (expected !== undefined) {
          accepted += 1;
          // Two modules of one name, or two sources, are errors that the real parser does not mind.
          expect([...new Set(localModuleSources(text))].sort()).toEqual([...new Set(expected)].sort());
        }
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  it('never throws and stays linear on anything', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => void localModuleSources(`module${text}`)),
    );
    const before = performance.now();
    for (const text of ['"${', '{', '<<A\n', '/*', 'module "a" {', '"${"', 'a a ']) {
      localModuleSources(`module ${text.repeat(20_000)}`);
    }
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  it('are found in JSON syntax too', () => {
    const text = '{"module": {"a": {"source": "./x"}, "b": [{"source": "../y"}, {"source": "remote"}]}}';
    expect(localModuleSourcesJson(text)).toEqual(['./x', '../y']);
    expect(localModuleSourcesJson('{"module": [{"a": {"source": "./x"}}]}')).toEqual(['./x']);
    expect(localModuleSourcesJson('not json')).toEqual([]);
    expect(localModuleSourcesJson('{"module": 3}')).toEqual([]);
  });
});

describe('the index', () => {
  it('has what each directory calls, relative to it', () => {
    const index = buildModuleIndex([
      {
        path: 'envs/prod/main.tf',
        text: 'module "a" { source = "../../modules/vpc" }\nmodule "b" { source = "./sub//" }',
      },
      { path: 'envs/prod/more.tf', text: 'module "c" { source = "../../modules/vpc" }' },
      { path: 'main.tf', text: 'module "a" { source = "./modules/vpc" }\nmodule "out" { source = "../outside" }' },
      { path: 'json/main.tf.json', text: '{"module": {"a": {"source": "../modules/vpc"}}}' },
      { path: 'none/main.tf', text: 'locals {}' },
      { path: 'x/.terraform/modules/y/main.tf', text: 'module "a" { source = "./no" }' },
      { path: 'README.md', text: 'module "a" { source = "./no" }' },
    ]);
    expect(index).toEqual({
      paths: {
        '.': { modules: ['./modules/vpc'] },
        'envs/prod': { modules: ['../../modules/vpc', './sub'] },
        json: { modules: ['../modules/vpc'] },
      },
      symlinks: [],
    });
  });

  it('has the local paths of Terragrunt', () => {
    const index = buildModuleIndex([
      { path: 'live/root.hcl', text: 'locals {}' },
      { path: 'live/env.hcl', text: '' },
      {
        path: 'live/prod/app/terragrunt.hcl',
        text: `
include "root" {
  path = find_in_parent_folders("root.hcl")
}
include "own" {
  path = "../common/app.hcl"
}
terraform {
  source = "\${get_repo_root()}/modules//app?ref=v1"
}
dependency "vpc" {
  config_path = "../vpc"
}
dependencies {
  paths = [
    "../db", # the database
    "../cache",
  ]
}
locals {
  env = read_terragrunt_config(find_in_parent_folders("missing.hcl"))
}
inputs = {
  source = "./no"
}
`,
      },
      { path: 'live/prod/vpc/terragrunt.hcl', text: 'terraform { source = "git::https://example.com/vpc.git" }' },
    ]);
    expect(index.paths).toEqual({
      'live/prod/app': {
        modules: ['../../../modules/app'],
        dependencies: ['../..', '../cache', '../common', '../db', '../vpc'],
      },
    });
  });

  it.each([
    ['dependency "a" { config_path = "vpc" }', [{ kind: 'dependency', from: 'dir', path: 'vpc' }]],
    ['terraform { source = "registry/module" }', []],
    [
      'terraform { source = "${dirname(find_in_parent_folders())}/../modules/x" }',
      [{ kind: 'module', from: 'parent-folders', file: 'terragrunt.hcl', path: '../modules/x' }],
    ],
    ['terraform { source = "${local.base}/x" }', []],
    ['terraform { source = "${get_terragrunt_dir()}/../x" }', [{ kind: 'module', from: 'dir', path: '../x' }]],
  ])('reads %s', (text, expected) => {
    expect(terragruntPaths(text)).toEqual(expected);
  });

  it('needs only sources, not lock files or copies', () => {
    expect(
      ['a.tf', 'b/terragrunt.hcl', '.terraform.lock.hcl', 'x/.terragrunt-cache/a.tf', 'a.tfvars', 'a.tofu'].filter(
        isIndexed,
      ),
    ).toEqual(['a.tf', 'b/terragrunt.hcl', 'a.tofu']);
  });
});
