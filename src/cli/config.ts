import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { checkConfig, formatProblem } from '../config/check-config.ts';
import { showConfig } from '../config/show-config.ts';
import { workingTree } from './checkout.ts';
import { type ConfigText, findConfig, loadConfig } from './load-config.ts';

/** `plumbline config check` and `plumbline config show`. */
export function configCommand(): Command {
  return new Command('config')
    .description('check a repository configuration, or show what it means')
    .addCommand(checkCommand())
    .addCommand(showCommand());
}

interface ConfigOptions {
  readonly repo: string;
  readonly json?: boolean;
}

function checkCommand(): Command {
  return new Command('check')
    .description('every problem of a configuration file; exits 0 when there is none, else 1')
    .argument('[file]', 'the file; without it the one in the checkout')
    .option('--repo <dir>', 'a checkout', '.')
    .option('--json', 'answer in JSON')
    .action(async (file: string | undefined, { repo, json }: ConfigOptions) => {
      const source = await readSource(file, repo);
      const { ok, problems, warnings } = checkConfig(source?.text ?? '', source?.file ?? '');
      if (json === true) {
        console.log(JSON.stringify({ ok, file: source?.file ?? null, problems, warnings }, null, 2));
      } else {
        for (const warning of warnings) {
          console.error(`warning: ${formatProblem(warning)}`);
        }
        for (const problem of problems) {
          console.error(formatProblem(problem));
        }
        const fine = source === undefined ? 'No configuration file: all defaults.' : `${source.file}: no problems`;
        console.log(ok ? fine : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
      }
      process.exitCode = ok ? 0 : 1;
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('the effective configuration, with the source of each value')
    .argument('[file]', 'the file; without it the one in the checkout')
    .option('--repo <dir>', 'a checkout', '.')
    .option('--json', 'answer in JSON: typed values with every default, and the source of each key that was written')
    .action(async (file: string | undefined, { repo, json }: ConfigOptions) => {
      const loaded = loadConfig(await readSource(file, repo));
      if (!loaded.ok) {
        console.error(loaded.problems.map(formatProblem).join('\n'));
        process.exitCode = 1;
        return;
      }
      const { config, provenance } = loaded.effective;
      const text = JSON.stringify({ config, sources: Object.fromEntries(provenance) }, null, 2);
      console.log(json === true ? text : showConfig(loaded.effective).trimEnd());
    });
}

async function readSource(file: string | undefined, repo: string): Promise<ConfigText | undefined> {
  return file === undefined ? await findConfig(await workingTree(repo)) : { file, text: await readFile(file, 'utf8') };
}
