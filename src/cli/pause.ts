import { Command, InvalidArgumentError, Option } from 'commander';
import { listPaused, type Pausable, type PausableFound, switchPaused } from '../store/kill-switch.ts';
import { installationId } from './installation-id.ts';
import { withStorage } from './with-storage.ts';

interface PauseOptions {
  readonly applies?: boolean;
  readonly installation?: number;
  readonly repository?: { readonly owner: string; readonly name: string };
  readonly json?: boolean;
}

const OPERATOR = 'operator';

/** `plumbline pause`: nothing is planned or applied there until `plumbline resume`. Without arguments: what is paused. */
export function pauseCommand(): Command {
  return switchCommand(
    'pause',
    'plan and apply nothing in an installation or repository, or apply nothing anywhere; without one: list what is paused',
  );
}

/** `plumbline resume`: the opposite of `plumbline pause`. */
export function resumeCommand(): Command {
  return switchCommand('resume', 'plan and apply again what was paused; without one: list what is paused');
}

function switchCommand(verb: 'pause' | 'resume', description: string): Command {
  return new Command(verb)
    .description(description)
    .addOption(
      new Option('--installation <id>', 'the whole installation, by its number on GitHub')
        .argParser(installationId)
        .conflicts('repository'),
    )
    .option('--repository <owner/name>', 'one repository', repositoryName)
    .addOption(
      new Option('--applies', 'all applies of this service; planning goes on').conflicts([
        'installation',
        'repository',
      ]),
    )
    .option('--json', 'answer in JSON')
    .action(async (options: PauseOptions) => {
      const what = pausableOf(options);
      await withStorage('use', async ({ database }) => {
        if (what === undefined) {
          const paused = await listPaused(database.db);
          console.log(options.json === true ? JSON.stringify({ paused }) : listText(paused));
          return 0;
        }
        const answer = await switchPaused(database.db, what, verb === 'pause', OPERATOR);
        if (options.json === true) {
          console.log(JSON.stringify(answer));
        } else if (answer.answer === 'unknown') {
          console.error(`${nameOf(what)} is not known here. Is the App installed there?`);
        } else {
          console.log(switchText(verb, answer));
        }
        return answer.answer === 'unknown' ? 1 : 0;
      });
    });
}

function switchText(
  verb: 'pause' | 'resume',
  { answer, found }: { readonly answer: 'switched' | 'unchanged'; readonly found: PausableFound },
): string {
  const was = answer === 'unchanged';
  if (found.installationId === null) {
    return verb === 'pause'
      ? `All applies ${was ? 'were paused already' : 'are paused'}: nothing is applied anywhere until \`plumbline resume --applies\`. What a runner has begun is not stopped.`
      : `Applies ${was ? 'were not paused' : 'are not paused any more'}. Pull requests look again at what they missed; a command that was refused meanwhile is not repeated.`;
  }
  return verb === 'pause'
    ? `${titleOf(found)} ${was ? 'was paused already' : 'is paused'}: nothing is planned or applied there until \`plumbline resume\`. What a runner has begun is not stopped.`
    : `${titleOf(found)} ${was ? 'was not paused' : 'is not paused any more'}. Pull requests look again at what they missed; a command that was refused meanwhile is not repeated.`;
}

function listText(paused: readonly PausableFound[]): string {
  return paused.length === 0 ? 'Nothing is paused.' : paused.map(titleOf).join('\n');
}

function titleOf({ installationId: id, repositoryId, name }: PausableFound): string {
  if (id === null) {
    return 'All applies';
  }
  return repositoryId === null ? `Installation ${id} (${name})` : `Repository ${name}`;
}

function nameOf(what: Pausable): string {
  if (what.kind === 'applies') {
    return 'All applies';
  }
  return what.kind === 'installation' ? `Installation ${what.id}` : `Repository ${what.owner}/${what.name}`;
}

function pausableOf({ applies, installation, repository }: PauseOptions): Pausable | undefined {
  if (applies === true) {
    return { kind: 'applies' };
  }
  if (installation !== undefined) {
    return { kind: 'installation', id: installation };
  }
  return repository === undefined ? undefined : { kind: 'repository', ...repository };
}

function repositoryName(text: string): { readonly owner: string; readonly name: string } {
  const [, owner, name] = /^([\w.-]+)\/([\w.-]+)$/.exec(text) ?? [];
  if (owner === undefined || name === undefined) {
    throw new InvalidArgumentError('It is OWNER/NAME.');
  }
  return { owner, name };
}
