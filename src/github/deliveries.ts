import type { Instant } from '../domain/instant.ts';
import type { GitHubClient } from './app-client.ts';
import { calling, statusOf } from './github-failure.ts';

/** A webhook as GitHub says it was sent. */
export interface SentDelivery {
  /** Of this attempt. Text: GitHub's numbers are larger than 2^53. https://github.com/octokit/request.js/issues/797 */
  readonly id: string;
  /** Of what was sent; another attempt has the same. */
  readonly guid: string;
  readonly deliveredAt: Instant;
  readonly installationId: number | null;
}

export interface SentDeliveries {
  /** Newest first. */
  readonly deliveries: readonly SentDelivery[];
  /** Where the list goes on; null: everything since the time asked for was listed. */
  readonly cursor: string | null;
}

const PER_PAGE = 100;

/**
 * What GitHub sent to the App's webhook since `since`, newest first, in at most `maxPages` calls; `cursor` goes on where an
 * earlier list ended. GitHub keeps three days. By the App's own client. Throws a Failure.
 */
export async function listDeliveries(
  appClient: GitHubClient,
  asked: { readonly since: Instant; readonly cursor: string | null; readonly maxPages: number },
): Promise<SentDeliveries> {
  const deliveries: SentDelivery[] = [];
  let { cursor } = asked;
  for (let page = 0; page < asked.maxPages; page += 1) {
    const { data, headers } = await calling('list the deliveries of the webhook', () =>
      appClient.request('GET /app/hook/deliveries', {
        per_page: PER_PAGE,
        ...(cursor === null ? {} : { cursor }),
      }),
    );
    const listed = data.map((one) => ({
      id: String(one.id),
      guid: one.guid,
      deliveredAt: Date.parse(one.delivered_at),
      installationId: one.installation_id === null ? null : Number(one.installation_id),
    }));
    deliveries.push(...listed.filter(({ deliveredAt }) => deliveredAt >= asked.since));
    cursor = cursorOf(headers.link);
    if (cursor === null || listed.some(({ deliveredAt }) => deliveredAt < asked.since)) {
      return { deliveries, cursor: null };
    }
  }
  return { deliveries, cursor };
}

/**
 * Ask GitHub to send a delivery once more; it keeps its GUID. False: GitHub does not want to, such as for one it has
 * forgotten. Throws a Failure when GitHub could not be asked.
 */
export async function requestRedelivery(appClient: GitHubClient, id: string): Promise<boolean> {
  return calling(`ask for delivery ${id} once more`, async () => {
    try {
      // Not by the typed route: its parameter is a number, and would be rounded.
      const route: string = `POST /app/hook/deliveries/${encodeURIComponent(id)}/attempts`;
      await appClient.request(route);
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 400 || status === 404 || status === 422) {
        return false;
      }
      throw error;
    }
  });
}

/** The cursor of the next page, from `<https://…?per_page=100&cursor=v1_123>; rel="next"`. */
function cursorOf(link: string | undefined): string | null {
  const next = /<([^>]*)>;\s*rel="next"/.exec(link ?? '')?.[1];
  return next === undefined ? null : (URL.parse(next)?.searchParams.get('cursor') ?? null);
}
