import type { Deliveries } from './deliveries.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { OidcIssuer } from './oidc-issuer.ts';
import type { RunnerOrders } from './runner-orders.ts';
import type { WorldState } from './world-state.ts';

/** What every part of the world shares. */
export interface WorldParts {
  readonly state: WorldState;
  readonly deliveries: Deliveries;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly issuer: OidcIssuer;
  readonly orders: RunnerOrders;
  readonly settings: WorldSettings;
  /** Keep track of work that goes on after an answer; its failure is a bug of the world and ends in `World.errors`. */
  readonly background: (work: Promise<void>) => void;
}

export interface WorldSettings {
  /** How many times mergeability is `UNKNOWN` after head or base moved. GitHub: usually once. */
  unknownLooks: number;
  /** What a run does whose environment does not exist: GitHub creates the environment; `fail` refuses to start the job. */
  missingEnvironment: 'create' | 'fail';
}
