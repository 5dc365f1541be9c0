import { describe, expect, it } from 'vitest';
import { TRIGGERS, type Trigger } from '../../src/decision/command.ts';
import { parseFlags } from '../../src/decision/command-flags.ts';
import { parseCommands } from '../../src/decision/commands.ts';
import { isAllowedFlag } from '../../src/protocol/terraform-flags.ts';
import { fuzzComments } from '../simulation/comment-fuzz.ts';

const OURS: ReadonlySet<Trigger> = new Set(['plumbline']);
const ALL: ReadonlySet<Trigger> = new Set(TRIGGERS);

function parse(body: string, triggers = OURS) {
  return parseCommands(body, triggers).map((line) =>
    line.ok ? line.command : { refused: line.reason, nearest: line.nearest },
  );
}

describe('commands in a comment', () => {
  it.each([
    ['plumbline plan', 'plan'],
    ['  PlumbLine\t\tplan  ', 'plan'],
    ['plumbline PLAN', 'plan'],
    ['`plumbline plan`', 'plan'],
    ['```\nplumbline plan\n```', 'plan'],
    ['```sh\nplumbline plan\n```', 'plan'],
    ['Looks good!\n\nplumbline apply\nthanks', 'apply'],
    ['plumbline', 'help'],
    ['plumbline help', 'help'],
    ['plumbline cancel', 'cancel'],
    ['plumbline repo-config', 'repo-config'],
    ['plumbline apply-force', 'apply-force'],
    ['plumbline apply-autoapprove dir:a', 'apply-autoapprove'],
    ['plumbline gate approve ok', 'approve'],
    ['```plumbline plan```', 'plan'],
    ['plumbline plan\r\n', 'plan'],
    ['Thanks!\rplumbline plan\rbye', 'plan'],
    ['\u00a0plumbline\u00a0plan', 'plan'],
    ['\u200bplumb\u200bline plan\ufeff', 'plan'],
    ['> plumbline apply\n\nplumbline plan', 'plan'],
  ])('%j is %s', (body, name) => {
    expect(parse(body)).toMatchObject([{ name }]);
  });

  it.each([
    ['> plumbline apply'],
    ['> > plumbline apply'],
    ['`> plumbline apply`'],
    ['```plumbline apply\nsome text\n```'],
    ['- plumbline apply'],
    ['please plumbline apply'],
    ['plumbliner apply'],
    ['plumbline is a great tool for this'],
    ['terraform apply'],
    [''],
    ['\u0000'],
    ['a'.repeat(65_536)],
  ])('%j is no command', (body) => {
    expect(parse(body)).toEqual([]);
  });

  it.each([
    ['plumbline aply', 'plumbline apply'],
    ['plumbline plna', 'plumbline plan'],
    ['plumbline unlok #3', 'plumbline unlock'],
    ['plumbline frobnicate', null],
  ])('%j is answered with the nearest command', (body, nearest) => {
    expect(parse(body)).toEqual([{ refused: 'command-unknown', nearest }]);
  });

  it('takes an alias for a command only when it is one', () => {
    expect(parse('terraform plan', ALL)).toMatchObject([{ name: 'plan' }]);
    expect(parse('terraform is broken', ALL)).toEqual([]);
    expect(parse('terraform', ALL)).toEqual([]);
    expect(parse('terraform plan (again', ALL)).toEqual([]);
    expect(parse('```terraform\nresource "a" "b" {}\n```', ALL)).toEqual([]);
    expect(parse('terraform is great', ALL)).toEqual([]);
    expect(parse('terraform help would be nice here', ALL)).toEqual([]);
    expect(parse('tofu cancel that thought', ALL)).toEqual([]);
    expect(parse('terraform apply -- it failed again', ALL)).toEqual([]);
    expect(parse('atlantis apply -d prod -w blue', ALL)).toMatchObject([
      { name: 'apply', query: { text: 'dir:prod workspace:blue' } },
    ]);
  });

  it('answers what is a command of another tool, when it is one, instead of being silent', () => {
    expect(parse('terraform plan -out=x', ALL)).toMatchObject([{ refused: 'command-invalid' }]);
    expect(parse('terraform plan -- -chdir=x', ALL)).toMatchObject([{ refused: 'command-invalid' }]);
    expect(parse('atlantis approve_policies', ALL)).toMatchObject([{ refused: 'command-invalid' }]);
    expect(parse('terraform aply', ALL)).toEqual([{ refused: 'command-unknown', nearest: 'plumbline apply' }]);
  });

  it('runs several commands in the order of their lines, ten at most', () => {
    expect(parse('plumbline plan dir:a\nand then\nplumbline apply dir:b')).toMatchObject([
      { name: 'plan' },
      { name: 'apply' },
    ]);
    expect(parse('plumbline help\n'.repeat(50))).toHaveLength(10);
  });

  it('reads the commit that a fork is planned at', () => {
    expect(parse('plumbline plan 1A2B3C4')).toMatchObject([{ sha: '1a2b3c4', query: { text: '' } }]);
    expect(parse('plumbline plan 1a2b3c4 dir:a')).toMatchObject([{ sha: '1a2b3c4', query: { text: 'dir:a' } }]);
    expect(parse('plumbline plan deadbeef')).toMatchObject([{ sha: null, query: { text: 'deadbeef' } }]);
  });

  it.each([
    ['plumbline unlock', { pulls: [], drift: false, query: null }],
    ['plumbline unlock #12 13', { pulls: [12, 13], drift: false, query: null }],
    ['plumbline unlock drift', { pulls: [], drift: true, query: null }],
    ['plumbline unlock prod/db', { pulls: [], drift: false, query: { text: 'dir:prod/db' } }],
    ['plumbline unlock prod/db/, ./stage', { pulls: [], drift: false, query: { text: 'dir:prod/db or dir:stage' } }],
    ['plumbline unlock dir:a or dir:b', { pulls: [], drift: false, query: { text: 'dir:a or dir:b' } }],
    ['plumbline explain ./prod/', { dir: 'prod' }],
    ['atlantis plan -d prod/', { query: { text: 'dir:prod' } }],
  ])('%j', (body, command) => {
    expect(parse(body, ALL)).toMatchObject([command]);
  });

  it.each([
    ['plumbline approve'],
    ['plumbline apply (dir:a'],
    ['plumbline plan -- -var "x'],
    ['plumbline unlock #1 prod'],
    ['plumbline cancel everything'],
    ['plumbline plan -target=module.vpc'],
    ['plumbline apply --auto-approve'],
  ])('%j is refused with a reason', (body) => {
    expect(parse(body)).toMatchObject([{ refused: 'command-invalid' }]);
  });
});

describe('arguments for the engine', () => {
  it.each([
    ['-target=module.vpc', ['-target=module.vpc']],
    ['-target module.vpc["a b"]', ['-target=module.vpc[a b]']],
    ['-target \'module.vpc["a"]\'', ['-target=module.vpc["a"]']],
    [
      '--replace aws_x.y -var region=eu -var-file env/prod.tfvars',
      ['-replace=aws_x.y', '-var=region=eu', '-var-file=env/prod.tfvars'],
    ],
    [
      '-refresh=false -refresh-only -destroy -parallelism=4 -lock-timeout=30s',
      ['-refresh=false', '-refresh-only', '-destroy', '-parallelism=4', '-lock-timeout=30s'],
    ],
    ['-var msg=$(id);`id`&&x', ['-var=msg=$(id);`id`&&x']],
  ])('%s', (text, flags) => {
    const [command] = parse(`plumbline plan -- ${text}`);
    expect(command).toMatchObject({ flags });
    expect('flags' in (command ?? {}) && flags.every(isAllowedFlag)).toBe(true);
  });

  it.each([
    '-chdir=..',
    '-state=x',
    '-backend-config=x',
    '-plugin-dir=x',
    '-out=x',
    '-input=true',
    '-refresh=true',
    '-var-file=../x',
    '-var-file=/etc/x',
    '-var-file=a/../../x',
    '-var-file=~/x',
    '-target=-x',
    '-var=no',
    '-parallelism=0',
    '-lock-timeout=1h',
    '-destroy=yes',
    'word',
    '-target',
    '-var a\u0000=b',
    '-target=a\u202eb',
    '-var-file=a/..',
    '-var-file=C:/x',
    '-var-file=..\\\\x',
    '-destroy -chdir=x',
    '-target=a -- -chdir=x',
  ])('%s is refused', (flag) => {
    expect(parse(`plumbline plan -- ${flag}`)).toMatchObject([{ refused: 'command-invalid' }]);
  });

  it('lets an apply set only how fast it goes', () => {
    expect(parseFlags(['-parallelism=2'], 'apply')).toEqual({ ok: true, flags: ['-parallelism=2'] });
    expect(parseFlags(['-target=a'], 'apply').ok).toBe(false);
  });
});

describe('made-up comments', () => {
  it('never throw and never give an argument that is not allowed', () => {
    expect(fuzzComments(2, 10_000)).toBe(10_000);
  });

  it('are read in time that grows with their length', () => {
    const long = [
      'plumbline plan '.padEnd(65_000, '('),
      `plumbline plan -- ${'"a" '.repeat(16_000)}`,
      '`'.repeat(65_000),
      'plumbline plan\n'.repeat(4_000),
    ];
    for (const body of long) {
      const before = performance.now();
      parse(body);
      expect(performance.now() - before).toBeLessThan(500);
    }
  });
});
