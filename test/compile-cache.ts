import { join } from 'node:path';

/**
 * For processes of ours that tests start by the dozen: with Node's compile cache, as our image has it, each of them starts
 * in half of the time. Kept between runs; what it holds is keyed by content.
 */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(import.meta.dirname, '../.cache/compile') } as const;
