import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { isRecord, type Json } from '../world/request-body.ts';

export interface Receiver {
  readonly url: string;
  readonly seen: { readonly event: string; readonly guid: string; readonly payload: Json }[];
  close(): void;
}

/** A webhook receiver that says 202 to everything and remembers it. */
export async function startReceiver(): Promise<Receiver> {
  const seen: Receiver['seen'] = [];
  const server = createServer((request, response) => {
    void json(request).then((payload) => {
      const { 'x-github-event': event, 'x-github-delivery': guid } = request.headers;
      seen.push({ event: String(event), guid: String(guid), payload: isRecord(payload) ? payload : {} });
      response.writeHead(202).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/webhooks/github`, seen, close: () => void server.close() };
}
