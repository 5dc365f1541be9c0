import { Failure, isPassing } from '../domain/failure.ts';
import { type Known, known, unknown } from '../domain/known.ts';
import { calling } from './github-failure.ts';

/**
 * Look up one fact. What may pass by itself (no answer, rate limit) is thrown, so that the whole event is tried again;
 * what somebody would have to change is an unknown fact, and `remedy` names that change.
 */
export async function lookUp<T>(what: string, remedy: string, call: () => Promise<T>): Promise<Known<T>> {
  try {
    return known(await calling(what, call));
  } catch (error) {
    if (error instanceof Failure && !isPassing(error)) {
      return unknown(`${error.message}. ${remedy}`);
    }
    throw error;
  }
}
