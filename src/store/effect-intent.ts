import type { Intent } from '../domain/decision.ts';

/** The intents that become outbox rows: everything that changes GitHub. The others change our own rows. */
export type EffectIntent = Extract<
  Intent,
  { readonly do: 'dispatch' | 'cancel-actions-run' | 'react' | 'reply' | 'publish' | 'check' | 'merge' }
>;

/** Where an effect goes, and whether only its newest version counts (`state`) or each one in order (`step`). */
export interface EffectPlace {
  readonly shape: 'state' | 'step';
  readonly target: string;
  /** At most one row has it. Null: every such effect is one of its own. */
  readonly key: string | null;
}

/** Is the intent an effect on GitHub? */
export function isEffect(intent: Intent): intent is EffectIntent {
  return Object.hasOwn(EFFECTS, intent.do);
}

const EFFECTS: Readonly<Record<EffectIntent['do'], true>> = {
  dispatch: true,
  'cancel-actions-run': true,
  react: true,
  reply: true,
  publish: true,
  check: true,
  merge: true,
};

/** The outbox row that an effect belongs in. */
export function placeOf(intent: EffectIntent, repositoryId: number): EffectPlace {
  switch (intent.do) {
    case 'publish': {
      // A push moves the head: the checks of the old one are another target, the comment follows the newest.
      const target = `publish ${repositoryId}#${intent.pull} ${intent.headSha}`;
      return { shape: 'state', target, key: target };
    }
    case 'check': {
      const target = `check ${repositoryId} ${intent.sha} ${intent.name}`;
      return { shape: 'state', target, key: target };
    }
    case 'dispatch':
    case 'cancel-actions-run': {
      const target = `run ${intent.run}`;
      return { shape: 'step', target, key: `${intent.do} ${intent.run}` };
    }
    case 'react':
      return {
        shape: 'step',
        target: `comment ${repositoryId} ${intent.commentId}`,
        key: `react ${repositoryId} ${intent.commentId} ${intent.content}`,
      };
    case 'reply':
      return {
        shape: 'step',
        target: `pull ${repositoryId}#${intent.pull}`,
        key: `reply ${repositoryId}#${intent.pull} ${intent.key}`,
      };
    case 'merge':
      return { shape: 'step', target: `pull ${repositoryId}#${intent.pull}`, key: null };
  }
}
