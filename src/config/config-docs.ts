import { z } from 'zod';
import { configJsonSchema } from './json-schema.ts';
import { KEY_ORIGINS, type KeyOrigin } from './key-trust.ts';
import { RawRepoConfig } from './schema.ts';
import { RawHookStep, RawWorkflowStep } from './schema-steps.ts';

export interface GeneratedFile {
  /** Relative to the root of this project. */
  readonly path: string;
  readonly text: string;
}

/** The files in `docs/` that are made from the schema. They are committed; a test holds them current. */
export function configDocs(): readonly GeneratedFile[] {
  return [
    { path: 'docs/configuration.md', text: reference() },
    { path: 'docs/config-schema.json', text: `${JSON.stringify(configJsonSchema(), undefined, 2)}\n` },
  ];
}

const INTRODUCTION = `# Configuration

<!-- Generated from the schema (npm run generate). Do not edit. -->

A repository describes itself in \`.plumbline/config.yml\` (or \`.yaml\`); where that is absent, in \`.terrateam/config.yml\` (or
\`.yaml\`). Without a file everything has its default. \`plumbline config check\` checks a file and lists all problems at once,
\`plumbline config show\` and the comment \`plumbline repo-config\` print what counts in the end and where each value comes from.

For completion in an editor, put a copy of [config-schema.json](config-schema.json) beside the file and begin the file with:

\`\`\`yaml
# yaml-language-server: $schema=config-schema.json
version: "1"
\`\`\`

The file is YAML 1.2, at most 512,000 bytes, with anchors and merge keys (\`<<\`). Unknown and double keys are errors. An explicit
null is the same as leaving the key out, and makes forgotten what an earlier source says there.

## Sources

From the weakest to the strongest: built-in defaults; \`config/defaults.yml\` and \`config/REPOSITORY/defaults.yml\` of the owner's
central repository (\`.plumbline\`, else \`terrateam\`, on its default branch); what \`config_builder\` printed; the repository's own
file; \`config/overrides.yml\` and \`config/REPOSITORY/overrides.yml\` of the central repository. Where
\`config/REPOSITORY/config.yml\` exists there, it stands instead of the repository's own file.

Maps are merged key by key, single values are replaced, and the elements of a list go before those of weaker sources, so that
in a list where the first match counts the stronger source is asked first. \`!replace\` before a list replaces instead:

\`\`\`yaml
destination_branches: !replace [main]
\`\`\`

## Which branch counts

A pull request cannot loosen the rules that it is judged by, nor choose the power that it runs with.

`;

const ORIGIN_TEXTS: Readonly<Record<KeyOrigin, string>> = {
  default: 'Always from the default branch',
  overridable: 'From the default branch, unless its `default_branch_overrides` leaves the key out',
  head: 'From the pull request, unless the default branch names the key in `default_branch_overrides`',
};

const AFTERWORD = `
Inside these keys, \`environment\`, \`runs_on\` and \`lock_policy\` of workflows always come from the default branch; \`autoapply\`,
\`auto_apply\` and \`lock_branch_target\` count only as far as the default branch says the same; and an \`oidc\` step that comes from
a pull request must stand in the default branch too.
`;

function reference(): string {
  const parts = [INTRODUCTION, '| where it comes from | keys |\n|---|---|\n'];
  for (const origin of ['default', 'overridable', 'head'] as const) {
    const names = Object.entries(KEY_ORIGINS).filter(([, one]) => one === origin);
    parts.push(`| ${ORIGIN_TEXTS[origin]} | ${names.map(([name]) => `\`${name}\``).join(', ')} |\n`);
  }
  parts.push(AFTERWORD, '\n## Keys\n\n', keyTable(RawRepoConfig.shape));
  const sections: string[] = [];
  const seen = new Set<z.ZodObject>();
  for (const [name, schema] of Object.entries(RawRepoConfig.shape)) {
    describe(name, schema, sections, seen);
  }
  parts.push(...sections, '\n## Steps\n', ...stepSections());
  return parts.join('');
}

/** One section per map that stands inside a key, at the first place where it may stand; `NAME` and `[]` are any name and any element. */
function describe(path: string, schema: unknown, sections: string[], seen: Set<z.ZodObject>): void {
  for (const form of objects(schema, path)) {
    if (seen.has(form.schema)) {
      continue;
    }
    if (form.path.endsWith('.plan[]') || form.path.endsWith('.apply[]') || /\.(?:pre|post)\[\]$/.test(form.path)) {
      continue;
    }
    seen.add(form.schema);
    const title = form.choice === '' ? `\`${form.path}\`` : `\`${form.path}\` with ${form.choice}`;
    const text = metaOf(form.schema)?.description;
    sections.push(`\n### ${title}\n\n${text === undefined ? '' : `${text}\n\n`}${keyTable(form.schema.shape)}`);
    for (const [name, inner] of Object.entries(form.schema.shape)) {
      describe(`${form.path}.${name}`, inner, sections, seen);
    }
  }
}

function stepSections(): readonly string[] {
  const inWorkflows = objects(RawWorkflowStep, '');
  const inHooks = objects(RawHookStep, '');
  const all = [...inWorkflows, ...inHooks.filter(({ schema }) => !inWorkflows.some((one) => one.schema === schema))];
  const seen = new Set<z.ZodObject>();
  const sections: string[] = [
    '\nSteps stand in `plan` and `apply` of a workflow, and in `hooks`. Commands are lists of arguments and never go through a shell.\n',
  ];
  for (const step of all) {
    const places = [
      ...(inWorkflows.some((one) => one.schema === step.schema) ? ['workflows'] : []),
      ...(inHooks.some((one) => one.schema === step.schema) ? ['hooks'] : []),
    ];
    const text = metaOf(step.schema)?.description;
    const about = text === undefined ? '' : ` ${text}`;
    sections.push(
      `\n### Step with ${step.choice}\n\nIn ${places.join(' and ')}.${about}\n\n${keyTable(step.schema.shape)}`,
    );
    for (const [name, inner] of Object.entries(step.schema.shape)) {
      describe(name, inner, sections, seen);
    }
  }
  return sections;
}

interface Form {
  readonly path: string;
  /** What tells this form from the others, such as `name: fly`. */
  readonly choice: string;
  readonly schema: z.ZodObject;
}

function objects(schema: unknown, path: string): readonly Form[] {
  if (schema instanceof z.ZodOptional) {
    return objects(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodArray) {
    return objects(schema.element, `${path}[]`);
  }
  if (schema instanceof z.ZodRecord) {
    return objects(schema.valueType, `${path}.NAME`);
  }
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => objects(option, path));
  }
  return schema instanceof z.ZodObject ? [{ path, choice: choiceOf(schema), schema }] : [];
}

function choiceOf(schema: z.ZodObject): string {
  return Object.entries(schema.shape)
    .flatMap(([name, one]) => {
      const literal = one instanceof z.ZodOptional ? one.unwrap() : one;
      return literal instanceof z.ZodLiteral && name !== 'version'
        ? [`\`${name}: ${[...literal.values].join('|')}\``]
        : [];
    })
    .join(', ');
}

function keyTable(shape: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(shape).map(([name, schema]) => {
    const meta = metaOf(schema);
    const fallback =
      meta?.default === undefined
        ? schema instanceof z.ZodOptional
          ? ''
          : 'required'
        : `\`${JSON.stringify(meta.default)}\``;
    return `| \`${name}\` | ${cell(kind(schema))} | ${cell(fallback)} | ${cell(meta?.description ?? '')} |\n`;
  });
  return `| key | value | default | meaning |\n|---|---|---|---|\n${rows.join('')}`;
}

function metaOf(schema: unknown) {
  return schema instanceof z.ZodType ? z.globalRegistry.get(schema) : undefined;
}

function kind(schema: unknown): string {
  if (schema instanceof z.ZodOptional) {
    return kind(schema.unwrap());
  }
  if (schema instanceof z.ZodArray) {
    return `list of ${kind(schema.element)}`;
  }
  if (schema instanceof z.ZodRecord) {
    return `map of name to ${kind(schema.valueType)}`;
  }
  if (schema instanceof z.ZodUnion) {
    return [...new Set(schema.options.map(kind))].join(' or ');
  }
  if (schema instanceof z.ZodEnum) {
    return schema.options.map((word) => `\`${String(word)}\``).join(', ');
  }
  if (schema instanceof z.ZodLiteral) {
    return [...schema.values].map((word) => `\`${JSON.stringify(word)}\``).join(', ');
  }
  if (schema instanceof z.ZodNumber) {
    return schema.isInt ? 'whole number' : 'number';
  }
  return schema instanceof z.ZodString
    ? 'text'
    : schema instanceof z.ZodBoolean
      ? 'true, false'
      : schema instanceof z.ZodObject
        ? 'map'
        : 'anything';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
