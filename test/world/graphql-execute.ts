import {
  buildSchema,
  execute,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getOperationAST,
  parse,
  validate,
} from 'graphql';
import { NotPlayed, RefusedByGithub } from './graphql-error.ts';
import { isRecord, type Json } from './request-body.ts';

let schema: GraphQLSchema | undefined;

/** GitHub's published schema. Built once per process; the flags are needed because it defines two fields twice. */
async function githubSchema(): Promise<GraphQLSchema> {
  if (schema === undefined) {
    // Loaded when first asked for: the package reads 7 MB at import.
    const published = await import('@octokit/graphql-schema');
    schema = buildSchema(published.schema.idl, { assumeValid: true, assumeValidSDL: true });
  }
  return schema;
}

/**
 * Reads a field of a plain object, calling it if it is a function. A field that the world's object does not have is an
 * error and never null: a test must not pass because something was not played.
 */
const readField: GraphQLFieldResolver<unknown, unknown> = (source, args, _context, info) => {
  if (!isRecord(source) || !(info.fieldName in source)) {
    throw new NotPlayed(`${info.parentType.name}.${info.fieldName}`);
  }
  const value = source[info.fieldName];
  return typeof value === 'function' ? Reflect.apply(value, source, [args]) : value;
};

/** Run one GraphQL request; the answer is what GitHub sends with status 200, errors included. */
export async function executeGraphql(
  query: string,
  variables: Json,
  root: { readonly query: Json; readonly mutation: Json },
): Promise<Readonly<Record<string, unknown>>> {
  const github = await githubSchema();
  let document: ReturnType<typeof parse>;
  try {
    document = parse(query);
  } catch (error) {
    return { errors: [{ message: error instanceof Error ? error.message : String(error) }] };
  }
  const problems = validate(github, document);
  if (problems.length > 0) {
    return { errors: problems.map((one) => ({ message: one.message, locations: one.locations, path: ['query'] })) };
  }
  const operation = getOperationAST(document);
  const result = await execute({
    schema: github,
    document,
    variableValues: variables,
    rootValue: operation?.operation === 'mutation' ? root.mutation : root.query,
    fieldResolver: readField,
    typeResolver: (value) => (isRecord(value) && typeof value.__typename === 'string' ? value.__typename : undefined),
  });
  const errors = result.errors?.map(describe);
  return { ...(errors === undefined ? {} : { errors }), data: result.data ?? null };
}

function describe(error: GraphQLError) {
  const { originalError } = error;
  return {
    ...(originalError instanceof RefusedByGithub ? { type: originalError.type } : {}),
    ...(originalError instanceof NotPlayed ? { type: 'NOT_PLAYED' } : {}),
    path: error.path,
    locations: error.locations,
    message: error.message,
  };
}

/** The operation's name, or its first field, for the list of calls. */
export function operationName(query: string): string {
  return /\b(?:query|mutation)\s+(\w+)/.exec(query)?.[1] ?? /\{\s*(\w+)/.exec(query)?.[1] ?? 'unnamed';
}
