/** People, bots, organisations and teams of the world. */

type AccountType = 'User' | 'Bot' | 'Organization';

export interface Account {
  readonly id: number;
  readonly nodeId: string;
  login: string;
  readonly name: string;
  readonly email: string;
  readonly type: AccountType;
}

export interface Team {
  readonly id: number;
  readonly organization: string;
  readonly slug: string;
  readonly name: string;
  /** Logins of active members. */
  readonly members: Map<string, 'member' | 'maintainer'>;
}

/** What a person may do in a repository, in GitHub's `role_name` words. */
export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

const RANK: Readonly<Record<Permission, number>> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/** True if `held` includes everything `needed` allows. */
export function permits(held: Permission, needed: Permission): boolean {
  return RANK[held] >= RANK[needed];
}
