import { getInput } from '@actions/core';
import { RunnerFailure } from './runner-failure.ts';

export interface Inputs {
  readonly run: string;
  /** Without a slash at the end. It is also the audience of the id token. */
  readonly server: string;
  readonly token: string;
  /** True when the token came from `GITHUB_TOKEN` because there was no input: then it is ours and no child may see it. */
  readonly tokenFromEnvironment: boolean;
  readonly repositoryUrl: string;
  /** Where checkouts, data directories and plan files live; emptied of ours at the end. */
  readonly tempDir: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads what the job was given. Throws `RunnerFailure` naming the input that is missing or wrong, never its value. */
export function readInputs(env: Env): Inputs {
  const run = getInput('run-id').toLowerCase();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(run)) {
    throw new RunnerFailure(
      'bad-input',
      'The input `run-id` is not a run id. This workflow is started by Plumbline; comment `plumbline plan` on a pull request.',
    );
  }
  const server = httpUrl('the input `server`', getInput('server'));
  const repository = env.GITHUB_REPOSITORY ?? '';
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new RunnerFailure('bad-input', 'GITHUB_REPOSITORY is not set to owner/name.');
  }
  const host = httpUrl('GITHUB_SERVER_URL', env.GITHUB_SERVER_URL ?? 'https://github.com');
  const input = getInput('github-token');
  const tempDir = env.RUNNER_TEMP ?? env.TMPDIR ?? '/tmp';
  return {
    run,
    server,
    token: input === '' ? (env.GITHUB_TOKEN ?? '') : input,
    tokenFromEnvironment: input === '',
    repositoryUrl: `${host}/${repository}`,
    tempDir,
  };
}

/** https, or http on this machine alone: the id token and plan keys travel over it. */
function httpUrl(name: string, text: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new RunnerFailure('bad-input', `Set ${name} to an address such as https://plumbline.example.com.`);
  }
  const loopback = url.hostname === '127.0.0.1' || url.hostname === 'localhost' || url.hostname === '[::1]';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new RunnerFailure('bad-input', `${name} must begin with https://.`);
  }
  return url.href.replace(/\/+$/, '');
}
