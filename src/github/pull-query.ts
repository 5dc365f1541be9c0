import type { Need } from '../domain/decision.ts';
import { actorFields, checksFields, fileFields } from './query-fields.ts';

/** Files that are read beside the pull request itself. All paths are relative to the repository root. */
export interface PathsToRead {
  /** Where a repository's configuration may stand; the first that exists counts. */
  readonly config: readonly string[];
  readonly workflow: string;
  readonly waivers: string;
  /** Repositories of the organisation that hold central configuration, and the paths in them. */
  readonly central: readonly { readonly owner: string; readonly name: string; readonly paths: readonly string[] }[];
}

/** Where GitHub looks for CODEOWNERS, in its order. */
export const CODEOWNERS_PATHS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const;

export interface Query {
  readonly text: string;
  readonly variables: Readonly<Record<string, string | number>>;
}

/**
 * One query for everything that GraphQL can tell of what is needed. Paths and names are variables, never part of the
 * text. Aliases: `config0…`, `workflow`, `waivers`, `codeowners0…` for files, `central0…` for repositories.
 */
export function buildQuery(repository: { owner: string; name: string }, need: Need, paths: PathsToRead): Query {
  const variables: Record<string, string | number> = { owner: repository.owner, name: repository.name };
  const declared = ['$owner: String!', '$name: String!'];
  const declare = (name: string, type: string, value: string | number) => {
    variables[name] = value;
    declared.push(`$${name}: ${type}!`);
    return `$${name}`;
  };
  const files = (prefix: string, list: readonly string[]) =>
    list.map((path, at) => {
      const alias = `${prefix}${at}`;
      const variable = variables[alias] === undefined ? declare(alias, 'String', path) : `$${alias}`;
      return `${alias}: file(path: ${variable}) { ${fileFields} }`;
    });

  const config = need.config ? files('config', paths.config) : [];
  const onDefault = [
    ...config,
    ...(need.workflowFile ? files('workflow', [paths.workflow]) : []),
    ...(need.waivers ? files('waivers', [paths.waivers]) : []),
    ...(need.codeowners ? files('codeowners', CODEOWNERS_PATHS) : []),
  ];
  const central = need.config
    ? paths.central.map(({ owner, name, paths: list }, at) => {
        const ofOwner = declare(`owner${at}`, 'String', owner);
        const ofName = declare(`name${at}`, 'String', name);
        return `central${at}: repository(owner: ${ofOwner}, name: ${ofName}) {
          defaultBranchRef { target { ... on Commit { ${files(`central${at}file`, list).join('\n')} oid } } }
        }`;
      })
    : [];
  const pull = need.pull === undefined ? '' : pullFields(declare('number', 'Int', need.pull), need, config);
  const tree =
    need.treeOf === undefined
      ? ''
      : `commitOf: object(oid: ${declare('oid', 'GitObjectID', need.treeOf)}) { ... on Commit { tree { oid } } }`;
  return {
    variables,
    text: `query (${declared.join(', ')}) {
      repository(owner: $owner, name: $name) {
        databaseId name isArchived
        owner { login ... on User { databaseId } ... on Organization { databaseId } }
        defaultBranchRef { name target { ... on Commit { oid ${onDefault.join('\n')} } } }
        ${tree}
        ${pull}
      }
      ${central.join('\n')}
    }`,
  };
}

function pullFields(number: string, need: Need, config: readonly string[]): string {
  return `pullRequest(number: ${number}) {
    number state isDraft title headRefOid headRefName baseRefOid baseRefName merged mergedAt changedFiles
    author { ${actorFields} }
    headRepository { databaseId }
    baseRef { target { oid } }
    mergeCommit { oid tree { oid } ${need.baseFilesSince ? 'parents(first: 1) { nodes { oid } }' : ''} }
    potentialMergeCommit { oid tree { oid } }
    labels(first: 100) { nodes { name } }
    ${need.changedFiles ? 'files(first: 100) { nodes { path changeType } }' : ''}
    ${need.mergeability ? 'mergeable' : ''}
    ${need.reviews ? reviewsFields : ''}
    commits(last: 1) { nodes { commit {
      oid tree { oid }
      ${config.join('\n')}
      ${need.checks ? checksFields('', number) : ''}
    } } }
  }`;
}

/** The newest review of each person that says yes or no; a comment does not take a yes back. */
const reviewsFields = `reviewDecision reviewRequests(first: 1) { totalCount }
latestOpinionatedReviews(first: 100, writersOnly: false) {
  pageInfo { hasNextPage }
  nodes { fullDatabaseId state submittedAt authorCanPushToRepository commit { oid } author { ${actorFields} } }
}`;
