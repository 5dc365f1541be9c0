import { totalmem } from 'node:os';
import { setFailed, setSecret } from '@actions/core';
import { childEnv } from './child-env.ts';
import { requestIdToken } from './id-token.ts';
import { readInputs } from './inputs.ts';
import { openRunLog } from './run-log.ts';
import { runRunner } from './runner.ts';
import { messageOf } from './runner-failure.ts';
import { secretMask } from './secret-mask.ts';
import { openServer, ServerRefusal } from './server.ts';

async function main(): Promise<void> {
  const inputs = readInputs(process.env);
  const inActions = process.env.GITHUB_ACTIONS === 'true';
  // Outside of Actions nobody reads the command, and the line would show the token.
  if (inActions && inputs.token !== '') {
    setSecret(inputs.token);
  }
  const mask = secretMask(process.env, [inputs.token]);
  const log = openRunLog((text) => void process.stdout.write(text), { inActions, mask: mask.mask });
  const cancel = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!cancel.signal.aborted) {
        log.note(`${signal}: what is running may finish cleanly, then it is reported.`);
        cancel.abort();
      }
    });
  }
  await runRunner({
    run: inputs.run,
    server: openServer({ url: inputs.server, run: inputs.run }),
    idToken: () => requestIdToken(process.env, inputs.server),
    repositoryUrl: inputs.repositoryUrl,
    token: inputs.token,
    tempDir: inputs.tempDir,
    env: childEnv(process.env, {
      keepGithubToken: !inputs.tokenFromEnvironment,
      memoryBytes: Math.min(totalmem(), process.constrainedMemory() || totalmem()),
    }),
    pluginCacheDir: process.env.TF_PLUGIN_CACHE_DIR,
    log,
    mask,
    cancel,
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof ServerRefusal) {
    return error.status === 0 ? error.message : `Refused by the service (${error.code}): ${error.message}`;
  }
  return messageOf(error);
}

try {
  await main();
} catch (error) {
  setFailed(reasonOf(error));
  process.exitCode = 1;
}
