import type { Need, Triage } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import { type CommandLine, TRIGGERS, type Trigger } from './command.ts';
import { parseCommands } from './commands.ts';
import { SKIP_LABEL } from './pull-case.ts';

export interface TriageContext {
  /** The user id of our App's bot. */
  readonly botId: number;
}

const EVERY_TRIGGER: ReadonlySet<Trigger> = new Set(TRIGGERS);

/** What an event needs to be known, or why nothing needs to be. Nothing was read from GitHub yet, and chatter costs no call. */
export function triage(event: Event, context: TriageContext): Triage {
  switch (event.kind) {
    case 'pull':
      return triagePull(event);
    case 'comment':
      return triageComment(event, context);
    case 'review':
      return event.sender.id === context.botId
        ? { do: 'ignore', reason: 'own-event' }
        : { do: 'observe', need: { pull: event.pull, config: true } };
    case 'button': {
      const need = event.button === 'apply' ? applyNeed(event.pull) : changeNeed(event.pull);
      return event.sender.bot
        ? { do: 'ignore', reason: 'bot-comment' }
        : { do: 'observe', need: { ...need, permissionsOf: [event.sender.login] } };
    }
    case 'apply-claimed':
      return { do: 'observe', need: applyNeed(event.pull) };
    case 'reconsider':
      // Who pushed what nobody planned meanwhile?
      return { do: 'observe', need: { ...changeNeed(event.pull), ...(event.because === 'resumed' ? PUSHER : {}) } };
    case 'dispatch-failed':
      return { do: 'observe', need: changeNeed(event.pull) };
    case 'merge-group': {
      const { pull, headSha: treeOf, baseSha: baseFilesTo } = event;
      const need = { ...changeNeed(pull), rules: true, treeOf, baseFilesTo };
      return { do: 'observe', need: event.action === 'destroyed' ? {} : need };
    }
    case 'merge-refused':
      return { do: 'observe', need: { pull: event.pull } };
    case 'membership':
      return { do: 'ignore', reason: 'caches-dropped', detail: event.what };
    case 'discovered':
      return { do: 'observe', need: changeNeed(event.pull) };
    // Our own rows say enough; `needFor` asks for more when something follows.
    case 'run-reported':
    case 'run-silent':
    case 'actions-run':
    case 'push':
    case 'installation':
    case 'installation-repositories':
    case 'repository':
      return { do: 'observe', need: {} };
  }
}

const PUSHER: Need = { lastPusher: true };

/** The pull request, its files, its configuration and the workflow file: what every plan and apply needs. */
export function changeNeed(pull: number): Need {
  return { pull, changedFiles: true, files: true, config: true, workflowFile: true };
}

/** What an apply needs under most configurations, so that one look is enough for them. */
export function applyNeed(pull: number): Need {
  return { ...changeNeed(pull), reviews: true, checks: true, rules: true, mergeability: true };
}

function triagePull(event: Extract<Event, { kind: 'pull' }>): Triage {
  if ((event.action === 'labeled' || event.action === 'unlabeled') && event.label !== SKIP_LABEL) {
    return {
      do: 'ignore',
      reason: 'label-without-meaning',
      ...(event.label === undefined ? {} : { detail: event.label }),
    };
  }
  if (event.action === 'labeled' || event.action === 'converted_to_draft') {
    return { do: 'observe', need: { pull: event.pull } };
  }
  const asked = event.action === 'closed' || event.sender.bot ? [] : [event.sender.login];
  return { do: 'observe', need: { ...changeNeed(event.pull), permissionsOf: asked } };
}

function triageComment(event: Extract<Event, { kind: 'comment' }>, { botId }: TriageContext): Triage {
  if (event.author.id === botId) {
    return { do: 'ignore', reason: 'own-event' };
  }
  if (event.author.bot) {
    return { do: 'ignore', reason: 'bot-comment', detail: event.author.login };
  }
  // Which aliases count only the configuration knows; a line that begins with none of them needs no reading of it.
  const lines = parseCommands(event.body, EVERY_TRIGGER);
  if (lines.length === 0) {
    return { do: 'ignore', reason: 'not-a-command' };
  }
  if (lines.every((line) => line.ok && line.trigger === 'plumbline' && line.command.name === 'help')) {
    return { do: 'observe', need: { pull: event.pull, config: true } };
  }
  return { do: 'observe', need: { ...commandNeed(event.pull, lines), permissionsOf: [event.author.login] } };
}

function commandNeed(pull: number, lines: readonly CommandLine[]): Need {
  const light = lines.every((line) => !line.ok || LIGHT.has(line.command.name));
  if (light) {
    return { pull, config: true };
  }
  const applies = lines.some((line) => line.ok && line.command.name.startsWith('apply'));
  return applies ? applyNeed(pull) : changeNeed(pull);
}

/** Commands that do not ask what the pull request touches. */
const LIGHT: ReadonlySet<string> = new Set(['help', 'cancel', 'unlock', 'repo-config']);
