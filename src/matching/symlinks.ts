type Links = readonly (readonly [link: string, target: string])[];

/** Links in links may be followed this often; a link that points to a directory above itself would otherwise never end. */
const MAX_ROUNDS = 3;

/**
 * The other names that files have through links to directories: for every path below a target, the path below the link.
 * Undefined when links multiply the tree to more than `limit` paths.
 */
export function pathsThroughLinks(
  paths: readonly string[],
  links: Links,
  limit: number,
): readonly string[] | undefined {
  const seen = new Set(paths);
  const added: string[] = [];
  let last: readonly string[] = paths;
  for (let round = 0; round < MAX_ROUNDS && last.length > 0 && links.length > 0; round += 1) {
    const next: string[] = [];
    for (const path of belowTargets(last, links)) {
      if (!seen.has(path)) {
        seen.add(path);
        next.push(path);
        if (seen.size > limit) {
          return undefined;
        }
      }
    }
    for (const path of next) {
      added.push(path);
    }
    last = next;
  }
  return added;
}

function* belowTargets(paths: readonly string[], links: Links): Generator<string> {
  const byTarget = linksByTarget(links);
  for (const path of paths) {
    yield* otherNames(path, byTarget);
  }
}

/** Target → the links to it. A link to a directory around itself is a loop, gives no new directory, and is left out. */
export function linksByTarget(links: Links): ReadonlyMap<string, readonly string[]> {
  const byTarget = new Map<string, string[]>();
  for (const [link, target] of links) {
    if (link === target || link.startsWith(`${target}/`)) {
      continue;
    }
    const known = byTarget.get(target);
    if (known === undefined) {
      byTarget.set(target, [link]);
    } else {
      known.push(link);
    }
  }
  return byTarget;
}

/** The names of a path through links to it or to a directory above it. */
export function otherNames(path: string, byTarget: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const names: string[] = [];
  for (let at = path.indexOf('/'); byTarget.size > 0; at = path.indexOf('/', at + 1)) {
    const end = at === -1 ? path.length : at;
    for (const link of byTarget.get(path.slice(0, end)) ?? []) {
      names.push(link + path.slice(end));
    }
    if (at === -1) {
      break;
    }
  }
  return names;
}
