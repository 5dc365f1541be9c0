import type { GitHubApp } from '../github/app-client.ts';
import type { Identity } from '../github/identity.ts';
import type { TreeCache } from '../github/repository-tree.ts';
import type { Log } from '../log.ts';
import type { Database } from '../store/database.ts';
import type { LeaseTimes } from './while-held.ts';

/** What the loops work with. */
export interface WorkerDeps {
  readonly database: Database;
  readonly app: GitHubApp;
  readonly identity: Identity;
  readonly trees: TreeCache;
  readonly log: Log;
  readonly planLifeMs: number;
  /** Where runners reach us; goes into the workflow file that people are told to add. */
  readonly publicUrl: string;
  /** Where people see GitHub, e.g. `https://github.com`; for links. */
  readonly webUrl: string;
  /** How leases of events and of writes are kept. */
  readonly lease: LeaseTimes;
  /** Aborted when the service closes and has waited long enough: what is in hand is broken off and given back. */
  readonly hurry: AbortSignal;
}
