import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * Send requests over `connections` kept-alive sockets, each waiting for its answer before it sends the next, and answer
 * how many were answered with 202 per second. Written on bare sockets, so that the sender takes little of the machine.
 */
export async function deliveriesPerSecond(
  port: number,
  requests: readonly Buffer[],
  connections: number,
): Promise<number> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  let next = 0;
  const before = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
        await exchange(socket, request);
      }
    }),
  );
  const seconds = (performance.now() - before) / 1_000;
  for (const socket of sockets) {
    socket.destroy();
  }
  return requests.length / seconds;
}

/** The request as it goes over the wire. */
export function rawRequest(headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({
    host: '127.0.0.1',
    'content-type': 'application/json',
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST /webhooks/github HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

function exchange(socket: Socket, request: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let answer = '';
  const done = (error?: Error): void => {
    socket.off('data', take);
    socket.off('close', lost);
    if (error === undefined) {
      resolve();
    } else {
      reject(error);
    }
  };
  const lost = (): void => done(new Error('the connection was lost'));
  const take = (part: Buffer): void => {
    answer += part.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    if (end < 0) {
      return;
    }
    const length = /content-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
    const whole = length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= end + 4 + Number(length);
    if (whole) {
      done(answer.startsWith('HTTP/1.1 202') ? undefined : new Error(`refused: ${answer.slice(0, 200)}`));
    }
  };
  socket.on('data', take);
  socket.once('close', lost);
  socket.write(request);
  return promise;
}
