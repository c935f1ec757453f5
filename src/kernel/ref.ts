import { KbuildError } from '../errors/kbuild-error.js';
import { suiteByName } from './suite.js';

/** What a `--kernel` or `kernels:` entry names. */
export type KernelRef =
  /** The newest kernel of a suite for each arch, or one release of it. */
  | { provider: 'debian'; suite: string; release?: string }
  /** The running kernel of this machine. */
  | { provider: 'host' }
  /** A KDIR on this machine. */
  | { provider: 'path'; path: string };

/** What is built for where nothing names a kernel. */
export const defaultKernelRef = 'debian:bookworm';

/**
 * Reads a kernel reference: `debian:<suite>`, `debian:<suite>/<release>`, `host`, or a path.
 * @throws KbuildError KERNEL_REF, KERNEL_UNKNOWN
 */
export function parseKernelRef(text: string): KernelRef {
  if (text === 'host') return { provider: 'host' };
  if (/^[./~]/.test(text)) return { provider: 'path', path: text };
  const [, suite, release] = /^debian:([a-z][a-z-]*)(?:\/([\w.+~-]+))?$/.exec(text) ?? [];
  if (suite === undefined) {
    throw new KbuildError(
      'KERNEL_REF',
      `'${text}' is no kernel reference`,
      "Write debian:<suite> (its newest kernel), debian:<suite>/<release> (see 'kbuild-ts kernel list'), host, or the path of a KDIR.",
    );
  }
  suiteByName(suite);
  return { provider: 'debian', suite, ...(release !== undefined && { release }) };
}
