import type { GitHubApp, GitHubClient } from './app-client.ts';

/** The same App, whose calls are broken off when the signal is aborted. What was being sent then may or may not have arrived. */
export function appUntil(app: GitHubApp, signal: AbortSignal): GitHubApp {
  return {
    ...app,
    appClient: async () => clientUntil(await app.appClient(), signal),
    installationClient: async (id) => clientUntil(await app.installationClient(id), signal),
    publicClient: () => clientUntil(app.publicClient(), signal),
  };
}

function clientUntil(client: GitHubClient, signal: AbortSignal): GitHubClient {
  const until = { request: { signal } };
  return { request: client.request.defaults(until), graphql: client.graphql.defaults(until) };
}
