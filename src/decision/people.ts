import type { ReasonCode } from '../domain/reason.ts';
import type { GitHubFacts, Permission } from '../domain/snapshot.ts';
import type { MatchList, PeopleMatch } from '../domain/workflow-step.ts';

/** Three answers: what could not be read is neither yes nor no. */
export type Answer = 'yes' | 'no' | 'unknown';

const RANK: Readonly<Record<Permission, number>> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/** The live permission of a login, if it was read. */
export function permissionOf(github: GitHubFacts, login: string): Permission | null {
  const found = github.permissions?.[login] ?? github.permissions?.[login.toLowerCase()];
  return found?.known === true ? found.value : null;
}

/** May this person write to the repository, as GitHub says now? */
export function canWrite(github: GitHubFacts, login: string): Answer {
  const permission = permissionOf(github, login);
  return permission === null ? 'unknown' : RANK[permission] >= RANK.write ? 'yes' : 'no';
}

/** The reason that goes with an answer about write permission. */
export function writeReason(answer: Exclude<Answer, 'yes'>): ReasonCode {
  return answer === 'no' ? 'permission-missing' : 'permission-unknown';
}

/** The key under which a team membership stands in the facts. */
export function teamKey(org: string, slug: string, login: string): string {
  return `${org}/${slug} ${login}`;
}

/** Is the person named by this entry? `owners` answers for `codeowners`. */
export function matchesPerson(
  match: PeopleMatch,
  login: string,
  github: GitHubFacts,
  owners: (login: string) => Answer,
): Answer {
  switch (match.kind) {
    case 'anyone':
      return 'yes';
    case 'user':
      return match.login.toLowerCase() === login.toLowerCase() ? 'yes' : 'no';
    case 'team':
      return inTeam(github, match.slug, login);
    case 'role': {
      const permission = permissionOf(github, login);
      return permission === null ? 'unknown' : RANK[permission] >= RANK[match.role] ? 'yes' : 'no';
    }
    case 'codeowners':
      return owners(login);
  }
}

/** Membership of a team of the organisation that owns the repository. */
export function inTeam(github: GitHubFacts, slug: string, login: string): Answer {
  const fact =
    github.teams?.[teamKey(github.repository.owner, slug, login)] ??
    github.teams?.[teamKey(github.repository.owner, slug, login.toLowerCase())];
  return fact?.known === true ? (fact.value ? 'yes' : 'no') : 'unknown';
}

/** Is the person in the list? One yes is enough; without one, an entry that could not be read makes it unknown. */
export function isNamed(
  list: MatchList,
  login: string,
  github: GitHubFacts,
  owners: (login: string) => Answer,
): Answer {
  const answers = list.map((match) => matchesPerson(match, login, github, owners));
  return answers.includes('yes') ? 'yes' : answers.includes('unknown') ? 'unknown' : 'no';
}
