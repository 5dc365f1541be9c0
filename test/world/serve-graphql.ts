import type { Hono } from 'hono';
import { ApiError } from './api-error.ts';
import { requireToken, respond } from './api-route.ts';
import { requireReach, suffices } from './app-token.ts';
import { NotPlayed, RefusedByGithub } from './graphql-error.ts';
import { executeGraphql, operationName } from './graphql-execute.ts';
import { actorNode } from './graphql-objects.ts';
import { commentNode, repositoryNode } from './graphql-pull.ts';
import { parseBody, recordIn, requiredText } from './request-body.ts';
import type { WorldParts } from './world-parts.ts';
import { type IssuedToken, type Repository, repositoryByName } from './world-state.ts';

/** `POST /graphql`: GitHub's own schema, resolved over the world. Answers the operation's name to `named`. */
export function serveGraphql(
  app: Hono,
  path: string,
  parts: WorldParts,
  named: (request: Request, name: string) => void,
): void {
  app.post(path, async (c) => {
    const token = await requireToken(parts, c);
    const body = parseBody(await c.req.text());
    const query = requiredText(body, 'query');
    named(c.req.raw, operationName(query));
    const answer = await executeGraphql(query, recordIn(body, 'variables') ?? {}, {
      query: queryRoot(parts, token),
      mutation: mutationRoot(parts, token),
    });
    return respond({ json: answer });
  });
}

function queryRoot(parts: WorldParts, token: IssuedToken) {
  return {
    rateLimit: {
      __typename: 'RateLimit',
      cost: 1,
      limit: 5000,
      remaining: 4999,
      used: 1,
      nodeCount: 1,
      resetAt: new Date(parts.state.now().getTime() + 3_600_000).toISOString(),
    },
    viewer: actorNode(parts, parts.state.app.bot.login),
    repository: ({ owner, name }: { readonly owner: string; readonly name: string }) => {
      const repository = reachable(parts, token, repositoryByName(parts.state, owner, name));
      if (repository === undefined) {
        throw new RefusedByGithub('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
      }
      return repositoryNode(parts, repository);
    },
    node: ({ id }: { readonly id: string }) => nodeById(parts, token, id),
    nodes: ({ ids }: { readonly ids: readonly string[] }) => ids.map((id) => nodeById(parts, token, id)),
  };
}

function mutationRoot(parts: WorldParts, token: IssuedToken) {
  return {
    minimizeComment: ({
      input,
    }: {
      readonly input: {
        readonly subjectId: string;
        readonly classifier: string;
        readonly clientMutationId?: string | null;
      };
    }) => {
      const found = commentById(parts, token, input.subjectId);
      if (!suffices(token.permissions, { pull_requests: 'write', issues: 'write' })) {
        throw new RefusedByGithub('FORBIDDEN', 'Resource not accessible by integration');
      }
      found.comment.minimized = input.classifier;
      parts.journal.changed();
      return {
        clientMutationId: input.clientMutationId ?? null,
        minimizedComment: commentNode(parts, found.repository, found.comment),
      };
    },
  };
}

function nodeById(parts: WorldParts, token: IssuedToken, id: string) {
  if (id.startsWith('IC_')) {
    const { repository, comment } = commentById(parts, token, id);
    return commentNode(parts, repository, comment);
  }
  const repository = [...parts.state.repositories.values()].find((one) => one.nodeId === id);
  if (repository !== undefined && reachable(parts, token, repository) !== undefined) {
    return repositoryNode(parts, repository);
  }
  throw new NotPlayed(`node(id: ${id})`);
}

function commentById(parts: WorldParts, token: IssuedToken, id: string) {
  const number = Number(id.slice('IC_'.length));
  for (const repository of parts.state.repositories.values()) {
    const comment = repository.comments.get(number);
    if (comment !== undefined && reachable(parts, token, repository) !== undefined) {
      return { repository, comment };
    }
  }
  throw new RefusedByGithub('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
}

function reachable(parts: WorldParts, token: IssuedToken, repository: Repository | undefined): Repository | undefined {
  if (repository === undefined) {
    return undefined;
  }
  try {
    requireReach(parts.state, token, repository);
    return repository;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}
