import * as z from 'zod/mini';
import type { AskedGate } from '../domain/runner-step.ts';
import { type PeopleMatch, REPOSITORY_ROLES } from '../domain/workflow-step.ts';
import { AskedGateMessage, MAX_GATES } from './steps.ts';

const Texts = z.optional(z.array(z.string()));
const Printed = z.object({
  gates: z.array(
    z.object({
      token: z.optional(z.nullable(z.string())),
      name: z.optional(z.nullable(z.string())),
      all_of: Texts,
      any_of: Texts,
      any_of_count: z.optional(z.number()),
    }),
  ),
});

export type ReadGates =
  | { readonly ok: true; readonly gates: readonly AskedGate[] }
  | { readonly ok: false; readonly problem: string };

/** What a `gates` step printed: `{"gates": [{"token", "name", "all_of", "any_of", "any_of_count"}]}`. Whatever cannot be read whole is refused. */
export function readGates(value: unknown): ReadGates {
  const printed = Printed.safeParse(value);
  if (!printed.success) {
    return { ok: false, problem: 'The command must print `{"gates": [...]}` as JSON and nothing else.' };
  }
  if (printed.data.gates.length > MAX_GATES) {
    return { ok: false, problem: `More than ${MAX_GATES} gates.` };
  }
  const gates: AskedGate[] = [];
  for (const gate of printed.data.gates) {
    const allOf = (gate.all_of ?? []).map(matchOf);
    const anyOf = (gate.any_of ?? []).map(matchOf);
    const bad = [...allOf, ...anyOf].find((match) => typeof match === 'string');
    if (bad !== undefined) {
      return { ok: false, problem: `${JSON.stringify(String(bad).slice(0, 80))} does not say who is meant.` };
    }
    const asked = AskedGateMessage.safeParse({
      ...(gate.token == null ? {} : { token: gate.token }),
      ...(gate.name == null ? {} : { name: gate.name }),
      allOf,
      anyOf,
      anyOfCount: gate.any_of_count ?? 1,
    });
    if (!asked.success) {
      return { ok: false, problem: `A gate cannot be read: ${asked.error.issues[0]?.path.join('.') ?? ''}.` };
    }
    gates.push(asked.data);
  }
  return { ok: true, gates };
}

/** `*`, `codeowners`, `user:LOGIN`, `team:SLUG`, `role:ROLE`; a text for what is none of them. */
function matchOf(text: string): PeopleMatch | string {
  if (text === '*') {
    return { kind: 'anyone' };
  }
  if (text === 'codeowners') {
    return { kind: 'codeowners' };
  }
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon));
  const name = text.slice(colon + 1);
  if (kind === 'user') {
    return { kind: 'user', login: name.toLowerCase() };
  }
  if (kind === 'team') {
    return { kind: 'team', slug: name.toLowerCase() };
  }
  const role = kind === 'role' || kind === 'repo' ? REPOSITORY_ROLES.find((one) => one === name) : undefined;
  return role === undefined ? text : { kind: 'role', role };
}
