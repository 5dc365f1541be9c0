import { code } from './escape.ts';

export interface CommandHelp {
  readonly usage: string;
  readonly text: string;
}

/** What each command does, for the `help` reply. Usages are written without the leading word. */
export const COMMANDS: readonly CommandHelp[] = [
  { usage: 'plan [dir:… workspace:… tag…]', text: 'plan again, everything or what is named' },
  { usage: 'apply [dir:… workspace:… tag…]', text: 'apply what is planned, reviewed and allowed' },
  { usage: 'unlock [dir:… workspace:…]', text: 'give up what this pull request holds' },
  { usage: 'explain [dir:…]', text: 'say which rules led here, and why something was not planned or applied' },
  { usage: 'help', text: 'this list' },
];

/** The reply to `help`: a table of the commands this installation knows. */
export function renderHelp(commands: readonly CommandHelp[] = COMMANDS, word = 'plumbline'): string {
  return [
    '<!-- plumbline:reply -->',
    '### Commands',
    '',
    '| comment | what it does |',
    '|---|---|',
    ...commands.map((command) => `| ${code(`${word} ${command.usage}`)} | ${command.text.replace(/\|/g, '&#124;')} |`),
    '',
    'A command is a comment of its own, on one line. Plan, apply and unlock need write permission to this repository.',
  ].join('\n');
}
