import type { GitHubFacts } from '../domain/snapshot.ts';
import { compileGlob } from '../matching/glob.ts';
import { type Answer, inTeam } from './people.ts';

interface OwnerRule {
  readonly matches: (path: string) => boolean;
  readonly owners: readonly string[];
}

const MAX_RULES = 5_000;

/** The rules of a file that was read, parsed once: they are asked for every dirspace and every person. */
const parsed = new WeakMap<object, readonly OwnerRule[]>();

function rulesOf(read: { readonly value: string | null }): readonly OwnerRule[] {
  const rules = parsed.get(read) ?? parseCodeowners(read.value ?? '');
  parsed.set(read, rules);
  return rules;
}

/**
 * The lines of a CODEOWNERS file, the last match first, as GitHub reads them
 * (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners):
 * gitignore patterns without negation and brackets; a line without owners takes ownership away.
 */
export function parseCodeowners(text: string): readonly OwnerRule[] {
  const rules: OwnerRule[] = [];
  for (const raw of text.split(/\r?\n/u).slice(0, MAX_RULES)) {
    const line = raw.replace(/(^|\s)#.*$/u, '').trim();
    const [pattern = '', ...owners] = line.split(/\s+/u);
    if (pattern !== '' && !pattern.startsWith('!') && !pattern.includes('[')) {
      const globs = globsOf(pattern).flatMap((glob) => {
        const compiled = compileGlob(glob);
        return compiled.ok ? [compiled.glob] : [];
      });
      rules.push({ matches: (path) => globs.some((glob) => glob.matches(path)), owners });
    }
  }
  return rules.reverse();
}

function globsOf(pattern: string): readonly string[] {
  const rooted = pattern.startsWith('/') || pattern.slice(0, -1).includes('/');
  const body = pattern.replace(/^\//u, '').replace(/\/$/u, '');
  const base = rooted ? body : `**/${body}`;
  if (pattern.endsWith('/')) {
    return [`${base}/**`];
  }
  // `docs/*` is one level only; a plain name is the file or everything below the directory.
  return body.endsWith('*') && !body.endsWith('**') && rooted ? [base] : [base, `${base}/**`];
}

/**
 * Does the person own all of these files? Owners are `@login` and `@org/team` (of the owner of the repository);
 * files that nobody owns give nobody a right, and addresses by e-mail match nobody.
 */
export function ownsAll(github: GitHubFacts, files: readonly string[], login: string): Answer {
  if (github.codeowners?.known !== true) {
    return 'unknown';
  }
  if (github.codeowners.value === null || files.length === 0) {
    return 'no';
  }
  const rules = rulesOf(github.codeowners);
  let answer: Answer = 'yes';
  for (const file of files) {
    const owners = rules.find((rule) => rule.matches(file))?.owners ?? [];
    const answers = owners.map((owner) => isOwner(github, owner, login));
    if (answers.includes('yes')) {
      continue;
    }
    if (!answers.includes('unknown')) {
      return 'no';
    }
    answer = 'unknown';
  }
  return answer;
}

function isOwner(github: GitHubFacts, owner: string, login: string): Answer {
  const [name = '', team] = owner.replace(/^@/u, '').split('/');
  if (!owner.startsWith('@')) {
    return 'no';
  }
  if (team === undefined) {
    return name.toLowerCase() === login.toLowerCase() ? 'yes' : 'no';
  }
  return name.toLowerCase() === github.repository.owner.toLowerCase()
    ? inTeam(github, team.toLowerCase(), login)
    : 'no';
}

/** Teams named in the file for these files; memberships that must be read before `ownsAll` can answer. */
export function owningTeams({ codeowners }: GitHubFacts, files: readonly string[]): readonly string[] {
  const rules = codeowners?.known === true ? rulesOf(codeowners) : [];
  const teams = new Set<string>();
  for (const file of files) {
    for (const owner of rules.find((rule) => rule.matches(file))?.owners ?? []) {
      const slash = owner.indexOf('/');
      if (owner.startsWith('@') && slash > 0) {
        teams.add(owner.slice(slash + 1).toLowerCase());
      }
    }
  }
  return [...teams];
}
