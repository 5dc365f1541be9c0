import { Command } from 'commander';
import { matchTagQuery, parseTagQuery } from '../matching/tag-query.ts';

interface TagQueryOptions {
  readonly tag: readonly string[];
  readonly dir: string;
  readonly workspace: string;
  readonly json?: boolean;
}

/** `plumbline tag-query`: try a tag query on tags from the command line. Exits 0 for an answer, 2 for a query that cannot be read. */
export function tagQueryCommand(): Command {
  return new Command('tag-query')
    .description('does a tag query match these tags? Tags are exactly those given, nothing is added')
    .argument('<query>', 'the tag query; an empty one matches everything')
    .option('--tag <tag>', 'a tag of the dirspace; may be repeated', (tag, tags: string[]) => [...tags, tag], [])
    .option('--dir <dir>', 'directory, for `x in dir`', '.')
    .option('--workspace <name>', 'workspace', 'default')
    .option('--json', 'answer in JSON')
    .action((query: string, options: TagQueryOptions) => {
      const parsed = parseTagQuery(query);
      if (parsed.ok) {
        const { tag: tags, dir, workspace } = options;
        const match = matchTagQuery(parsed.query, { tags, dir, workspace });
        console.log(options.json === true ? JSON.stringify({ match }) : match ? 'match' : 'no match');
        return;
      }
      const { code, column, message } = parsed.error;
      if (options.json === true) {
        console.log(JSON.stringify({ error: { code, column, message } }));
      } else {
        const line = query.replaceAll(/\s/g, ' ');
        console.error(`${message}\n  ${line}\n  ${' '.repeat(column - 1)}^`);
      }
      process.exitCode = 2;
    });
}
