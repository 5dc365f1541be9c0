import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/event.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { decidePull } from './autoplan.ts';
import { decidePush } from './base-push.ts';
import { decideButton } from './button.ts';
import { decideClaim } from './claimed.ts';
import { decideComment } from './comment.ts';
import { decideDiscovered } from './discovered.ts';
import { createDraft, ignore } from './draft.ts';
import { decideInstallation } from './installation.ts';
import { decideMergeGroup } from './merge-queue.ts';
import { decideMergeRefused } from './merge-refused.ts';
import { decideReconsider } from './reconsider.ts';
import { decideReported } from './reported.ts';
import { decideReview } from './review.ts';
import { decideActionsRun, decideDispatchFailed, decideSilent } from './run-lifecycle.ts';

/**
 * Every rule of Plumbline: what is known and what happened, to what is to be done and why. Pure: the same snapshot and
 * event give the same decision. Each event has exactly one reason.
 */
export function decide(snapshot: Snapshot, event: Event): Decision {
  const draft = createDraft(snapshot);
  switch (event.kind) {
    case 'pull':
      return decidePull(draft, event);
    case 'comment':
      return decideComment(draft, event);
    case 'review':
      return decideReview(draft, event);
    case 'button':
      return decideButton(draft, event);
    case 'push':
      return decidePush(draft, event);
    case 'merge-group':
      return decideMergeGroup(draft, event);
    case 'merge-refused':
      return decideMergeRefused(draft, event);
    case 'actions-run':
      return decideActionsRun(draft, event);
    case 'apply-claimed':
      return decideClaim(draft, event);
    case 'discovered':
      return decideDiscovered(draft, event);
    case 'run-reported':
      return decideReported(draft, event);
    case 'run-silent':
      return decideSilent(draft, event);
    case 'dispatch-failed':
      return decideDispatchFailed(draft, event);
    case 'reconsider':
      return decideReconsider(draft, event);
    case 'installation':
    case 'installation-repositories':
    case 'repository':
      return decideInstallation(draft, event);
    case 'membership':
      return ignore(draft, 'membership', 'caches-dropped', event.what);
  }
}
