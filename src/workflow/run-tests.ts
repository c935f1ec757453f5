import type { Manifest } from '../artifact/manifest-schema.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Session } from './session.js';
import type { TestRequest } from './test.js';

/**
 * Builds what is asked for, boots the kernels and tries the cases.
 * @returns the manifest of the build, with `tests`; published
 */
export function runTests(request: TestRequest, session: Session): Promise<Manifest> {
  session.signal.throwIfAborted();
  const what = [...request.files, ...request.directories].join(', ');
  return Promise.reject(
    new KbuildError(
      'VM_FAILED',
      `${what}: this build of kbuild-ts cannot run virtual machines`,
      'Use one that can.',
    ),
  );
}
