import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Values that must never be printed, should one ever be handed to a log call. A second wall: nobody hands them over. */
const SECRETS = ['token', 'authorization', 'privateKey', 'webhookSecrets', 'key', 'secret', 'password', 'databaseUrl'];

/** The service's log: one JSON line per entry on standard output. error: our bug; warn: perhaps ours; info: decisions and users' mistakes. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    redact: { paths: [...SECRETS, ...SECRETS.map((name) => `*.${name}`)], censor: '[redacted]' },
  });
}
