import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { problemsOf } from './samples.ts';

const DIR = '$' + '{DIR}';

describe('parseConfig', () => {
  it.each<[string, string, readonly string[]]>([
    ['a version that is a number', 'version: 1', ['1:10 wrong-type version']],
    ['an unknown key', 'enabled: true\nwhen_modifed: {}', ['2:1 unknown-key when_modifed']],
    [
      'an unknown key about which nothing is said',
      'labels: true\nlable:\ndirs: {a: {tag: ~}}',
      ['2:1 unknown-key lable', '3:12 unknown-key dirs.a.tag'],
    ],
    ['a wrong type', 'enabled: "yes"', ['1:10 wrong-type enabled']],
    ['a missing key, at the map that lacks it', 'workflows:\n  - plan: []', ['2:5 missing-key workflows[0].tag_query']],
    ['a null where a key is required', 'workflows:\n  - tag_query:', ['2:5 missing-key workflows[0].tag_query']],
    ['a null in a list', 'trusted_bots: [~]', ['1:16 wrong-type trusted_bots[0]']],
    [
      'an unknown step',
      'workflows: [{tag_query: a, plan: [{type: slack, msg: x}]}]',
      ['1:42 wrong-value workflows[0].plan[0].type'],
    ],
    ['a step in the wrong place', 'hooks: {all: {pre: [{type: plan}]}}', ['1:28 wrong-value hooks.all.pre[0].type']],
    [
      'a gate on a run step',
      'hooks: {all: {pre: [{type: run, cmd: [a], gate: {}}]}}',
      ['1:43 unknown-key hooks.all.pre[0].gate'],
    ],
    ['an unknown engine', 'engine: {name: pulumy}', ['1:16 wrong-value engine.name']],
    ['a key of another engine', 'engine: {name: pulumi, version: "1"}', ['1:24 unknown-key engine.version']],
    ['an unknown role', 'access_control: {unlock: ["role:owner"]}', ['1:33 match access_control.unlock[0]']],
    ['an unknown kind of match', 'access_control: {unlock: ["usr:x"]}', ['1:27 match access_control.unlock[0]']],
    ['nobody by name', 'access_control: {unlock: ["user:a b"]}', ['1:27 match access_control.unlock[0]']],
    [
      'a tag query, at its character',
      'workflows: [{tag_query: "a and ()"}]',
      ['1:32 tag-query workflows[0].tag_query'],
    ],
    [
      'a tag query of a directory',
      'dirs:\n  a:\n    when_modified:\n      depends_on: a or',
      ['4:21 tag-query dirs.a.when_modified.depends_on'],
    ],
    ['a tag query of a stack', 'stacks: {names: {a: {tag_query: ")"}}}', ['1:34 tag-query stacks.names.a.tag_query']],
    ['a tag query in an old form', 'drift: {schedule: daily, tag_query: ")"}', ['1:38 tag-query drift.tag_query']],
    ['an empty glob', 'destination_branches: [""]', ['1:24 glob destination_branches[0]']],
    ['a directory outside', 'dirs: {../x: {}}', ['1:8 path dirs["../x"]']],
    ['a directory that starts at the root of the disk', 'dirs: {/x: {}}', ['1:8 path dirs./x']],
    ['the same directory twice', 'dirs: {a/b: {}, a/b/: {}}', ['1:17 conflicting-keys dirs.a/b/']],
    ['a regular expression with look-ahead', 'tags: {branch: {x: "(?=a)"}}', ['1:20 regex tags.branch.x']],
    [
      'a time zone',
      'drift: {schedules: {a: {schedule: daily, tag_query: "", window: {start: "1:00 Mars", end: "2:00 UTC"}}}}',
      ['1:73 time drift.schedules.a.window.start'],
    ],
    [
      'a time',
      'drift: {schedules: {a: {schedule: daily, tag_query: "", window: {start: "24:00 UTC", end: "x"}}}}',
      ['1:73 time drift.schedules.a.window.start', '1:91 time drift.schedules.a.window.end'],
    ],
    ['an override of no key', 'default_branch_overrides: [workflow]', ['1:28 name default_branch_overrides[0]']],
    [
      'a stack of both kinds',
      'stacks: {names: {a: {tag_query: x, stacks: []}}}',
      ['1:36 conflicting-keys stacks.names.a.stacks'],
    ],
    [
      'old and new name together',
      'access_control:\n  config_update: []\n  terrateam_config_update: []',
      ['3:28 conflicting-keys access_control.terrateam_config_update'],
    ],
    [
      'old and new form of an engine',
      'workflows: [{tag_query: a, terragrunt: true, engine: {name: tofu}}]',
      ['1:40 conflicting-keys workflows[0].terragrunt'],
    ],
    ['a builder without a script', 'config_builder: {enabled: true}', ['1:1 missing-key config_builder.script']],
    [
      'an environment without a name',
      'workflows: [{tag_query: a, environment: ""}]',
      ['1:41 name workflows[0].environment'],
    ],
    [
      'a variable that is not closed',
      `workflows: [{tag_query: a, environment: "x$\{y"}]`,
      ['1:41 name workflows[0].environment'],
    ],
    [
      'the name of a variable',
      'hooks: {all: {pre: [{type: run, cmd: [a], env: {a-b: c}}]}}',
      ['1:49 name hooks.all.pre[0].env.a-b'],
    ],
    ['a key that is no key', 'plan_key: hello', ['1:11 wrong-value plan_key']],
    ['a workspace that would be an option', 'dirs: {a: {workspaces: {-x: {}}}}', ['1:25 name dirs.a.workspaces.-x']],
    ['no runs at all', 'parallel_runs: 0', ['1:16 wrong-value parallel_runs']],
    ['a key twice', 'labels: true\nlabels: false', ['2:1 duplicate-key']],
    ['an unknown tag', 'labels: !yes true', ['1:14 tag']],
    ['a tag that makes a text of a value', 'labels: !!str true', ['1:15 wrong-type labels']],
    ['a replace that is no list', 'dirs: !replace {}', ['1:16 tag']],
    ['an alias of nothing', 'labels: *x', ['1:9 yaml']],
    ['an alias of itself', 'definitions: &a [*a]', ['1:18 yaml']],
    ['a merge of a list of numbers', 'dirs: {<<: [1]}', ['1:12 yaml']],
    ['two documents', 'labels: true\n---\nlabels: false', ['2:1 yaml']],
    ['a list for a file', '[a]', ['1:1 wrong-type']],
    ['a word for a file', 'hello', ['1:1 wrong-type']],
    ['broken YAML', 'dirs: [a\nlabels: true', ['2:1 yaml']],
    [
      'broken YAML and what is wrong elsewhere',
      'dirs: [a\nlabels: 1\nversion: "1\nenabled: 2',
      ['2:1 yaml', '2:9 wrong-type labels', '4:1 yaml', '4:10 wrong-type enabled'],
    ],
    ['a hostile key', '__proto__: {enabled: false}', ['1:1 key']],
  ])('finds %s', (_name, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('finds all problems in one go, those of form and those of meaning, in the order of the file', () => {
    expect(
      problemsOf(`version: 1
workflows:
  - tag_query: a
    plan:
      - {type: nothing}
      - {type: run}
      - {type: env, name: "1", cmd: [a]}
  - plan: []
  - tag_query: "("
lables: true
access_control: {policies: [{tag_query: ")", apply: [5, "role:x"]}]}
`),
    ).toEqual([
      '1:10 wrong-type version',
      '5:16 wrong-value workflows[0].plan[0].type',
      '6:9 missing-key workflows[0].plan[1].cmd',
      '7:27 name workflows[0].plan[2].name',
      '8:5 missing-key workflows[1].tag_query',
      '9:17 tag-query workflows[2].tag_query',
      '10:1 unknown-key lables',
      '11:42 tag-query access_control.policies[0].tag_query',
      '11:54 wrong-type access_control.policies[0].apply[0]',
      '11:63 match access_control.policies[0].apply[1]',
    ]);
  });

  it.each<[string, string, string | undefined]>([
    ['a typo of a key', 'workflow: []', 'workflows'],
    ['a typo deep inside', 'dirs: {a: {workspaces: {b: {tgas: []}}}}', 'tags'],
    ['a typo in a step', 'workflows: [{tag_query: a, plan: [{type: init, extra_arg: []}]}]', 'extra_args'],
    ['a typo in a form that has others', 'destination_branches: [{branch: a, source_branche: []}]', 'source_branches'],
    ['a typo of a value', 'checks: sumary', 'summary'],
    ['a dash for an underscore', 'base-moved: paths', 'base_moved'],
    ['a word for `off`', 'forks: of', 'off'],
    ['a word of YAML 1.1 for true', 'enabled: Yes', 'true'],
    ['a word of YAML 1.1 for false', 'when_modified: {autoplan: off}', 'false'],
    ['something else entirely', 'kubernetes: true', undefined],
  ])('names what is nearest to %s', (_name, text, nearest) => {
    const result = parseConfig(text, { file: 'f' });
    expect(result.ok ? 'ok' : result.problems[0]?.nearest).toBe(nearest);
  });

  it('says what is allowed', () => {
    const result = parseConfig('automerge: {merge_strategy: fast}', { file: 'f' });
    expect(result.ok ? [] : result.problems).toEqual([
      {
        code: 'wrong-value',
        file: 'f',
        line: 1,
        column: 29,
        path: 'automerge.merge_strategy',
        message: 'Must be one of `auto`, `merge`, `rebase`, `squash`, not "fast".',
        allowed: '`auto`, `merge`, `rebase`, `squash`',
      },
    ]);
  });

  it.each<[string, string]>([
    ['an empty file', ''],
    ['a comment', '# nothing yet'],
    ['null for every key', 'version:\ndirs: ~\nworkflows: null\nwhen_modified: {autoplan: , depends_on: null}'],
    ['a directory about which nothing is said', 'dirs: {a: }'],
    ['names that objects have', 'dirs: {constructor: {tags: [a]}, toString: {}, hasOwnProperty: {}}'],
    ['any character in a directory', 'dirs: {"a b/@x+y=(1)[2]{3}?": {}}'],
    [
      'anchors and merge keys',
      'definitions: {x: &x {autoplan: false}}\ndirs: {a: {when_modified: {<<: *x, autoapply: true}}}',
    ],
    ['keys that are numbers', 'dirs: {2024: {}, 1.10: {}, true: {}}'],
    ['a line end of Windows', 'version: "1"\r\nlabels: true\r\n'],
    ['placeholders in patterns', `when_modified: {file_patterns: ["${DIR}/*.{tf,json}", "!${DIR}/[a-z]?.tf"]}`],
  ])('accepts %s', (_name, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it('keeps number keys as they are written', () => {
    const result = parseConfig('dirs: {1.10: {}, 007: {}}', { file: 'f' });
    expect(result.ok ? Object.keys(result.config.raw.dirs ?? {}) : []).toEqual(['1.10', '007']);
  });

  it('points through an alias to where the value is written', () => {
    expect(problemsOf('definitions: {x: &x "a or"}\nworkflows: [{tag_query: *x}]')).toEqual([
      '1:24 tag-query workflows[0].tag_query',
    ]);
  });

  it('warns of Lua patterns', () => {
    const result = parseConfig('tags: {branch: {a: "x%-y"}}', { file: 'f' });
    expect(result.ok ? result.warnings.map(({ line, column }) => [line, column]) : []).toEqual([[1, 20]]);
  });
});
