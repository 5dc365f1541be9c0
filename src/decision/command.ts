import type { TagQuery } from '../domain/tag-query.ts';

/** Words that begin a line with a command. The first works everywhere, the others by `command_aliases`. */
export const TRIGGERS = ['plumbline', 'terrateam', 'atlantis', 'digger', 'terraform', 'tofu'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const COMMAND_NAMES = [
  'plan',
  'apply',
  'apply-force',
  'apply-autoapprove',
  'unlock',
  'cancel',
  'approve',
  'explain',
  'repo-config',
  'help',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export type ApplyName = 'apply' | 'apply-force' | 'apply-autoapprove';

/** What somebody asks for. `sha`: the commit that the command names, in lower case, 7 to 64 digits. */
export type Command =
  | RunCommand
  | {
      readonly name: 'unlock';
      readonly pulls: readonly number[];
      readonly drift: boolean;
      readonly query: TagQuery | null;
    }
  | { readonly name: 'approve'; readonly gates: readonly string[] }
  | { readonly name: 'explain'; readonly dir: string | null }
  | { readonly name: 'cancel' | 'repo-config' | 'help' };

export interface RunCommand {
  readonly name: 'plan' | ApplyName;
  readonly query: TagQuery;
  /** Arguments for the engine, each `-name` or `-name=value` from the allow-list. */
  readonly flags: readonly string[];
  readonly sha: string | null;
}

/** One line of a comment that begins with a trigger word. */
export type CommandLine =
  | { readonly ok: true; readonly trigger: Trigger; readonly line: string; readonly command: Command }
  | {
      readonly ok: false;
      readonly trigger: Trigger;
      readonly line: string;
      readonly reason: 'command-unknown' | 'command-invalid';
      readonly text: string;
      /** A whole command that may have been meant. */
      readonly nearest: string | null;
    };
