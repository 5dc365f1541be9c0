import { z } from 'zod';
import { RawRepoConfig } from './schema.ts';

/** The JSON Schema of the configuration file, for editors. Made from the schema that files are checked against. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(RawRepoConfig, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    reused: 'ref',
  });
  return {
    ...schema,
    title: 'Plumbline configuration',
    description: 'Configuration of a repository: .plumbline/config.yml, or .terrateam/config.yml.',
  };
}
