import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { workingTree } from './checkout.ts';
import { findConfig, loadConfig, problemLine } from './load-config.ts';

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

interface ConfigSource {
  readonly file: string;
  readonly text: string;
}

function checkCommand(): Command {
  return new Command('check')
    .description('every problem of a configuration file; exits 0 when there is none, else 1')
    .argument('[file]', 'the file; without it the one in the checkout')
    .option('--repo <dir>', 'a checkout', '.')
    .option('--json', 'answer in JSON')
    .action(async (file: string | undefined, { repo, json }: ConfigOptions) => {
      const source = await readSource(file, repo);
      if (source === 'unreadable') {
        return;
      }
      const loaded = loadConfig(source);
      const problems = loaded.ok ? [] : loaded.problems;
      const warnings = loaded.ok ? loaded.warnings : [];
      if (json === true) {
        console.log(JSON.stringify({ ok: loaded.ok, file: source?.file ?? null, problems, warnings }, null, 2));
      } else {
        for (const warning of warnings) {
          console.error(`warning: ${problemLine(warning)}`);
        }
        for (const problem of problems) {
          console.error(problemLine(problem));
        }
        const fine = source === undefined ? 'No configuration file: all defaults.' : `${source.file} is correct.`;
        console.log(loaded.ok ? fine : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
      }
      process.exitCode = loaded.ok ? 0 : 1;
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('the effective configuration of a checkout, with every default')
    .argument('[file]', 'the file; without it the one in the checkout')
    .option('--repo <dir>', 'a checkout', '.')
    .option('--json', 'answer in JSON')
    .action(async (file: string | undefined, { repo }: ConfigOptions) => {
      const source = await readSource(file, repo);
      if (source === 'unreadable') {
        return;
      }
      const loaded = loadConfig(source);
      if (loaded.ok) {
        console.log(JSON.stringify({ file: source?.file ?? null, config: loaded.config }, null, 2));
      } else {
        console.error(loaded.problems.map(problemLine).join('\n'));
        process.exitCode = 1;
      }
    });
}

async function readSource(file: string | undefined, repo: string): Promise<ConfigSource | 'unreadable' | undefined> {
  if (file === undefined) {
    return await findConfig(await workingTree(repo));
  }
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    console.error(error instanceof Error ? error.message : `${file} cannot be read.`);
    process.exitCode = 1;
    return 'unreadable';
  }
}
