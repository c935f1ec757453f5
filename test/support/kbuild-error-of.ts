import { KbuildError } from '../../src/errors/kbuild-error.js';

/** The KbuildError that a function throws or rejects with; anything else fails the test. */
export async function kbuildErrorOf(run: () => unknown): Promise<KbuildError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof KbuildError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
