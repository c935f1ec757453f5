import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { suggestion } from '../errors/nearest.js';
import { matchesGlob } from '../module/glob.js';
import { repositoryId, type Repository } from './repository.js';
import { parseSelector, type Selector } from './selector.js';

/** What a `--kernel` or `kernels:` entry names. */
export type KernelRef =
  /** Kernels of package repositories. */
  | { provider: 'repository'; repositories: Repository[]; selector: Selector }
  /** A kernel that this machine has the headers of: the running one unless a selector says else. */
  | { provider: 'host'; selector?: Selector }
  /** A kernel that is made of its source, as a file describes it. Absolute. */
  | { provider: 'source'; file: string }
  /** A KDIR on this machine. Absolute. */
  | { provider: 'path'; path: string };

/** What is built for where nothing names a kernel. */
export const defaultKernelRef = 'debian:bookworm';

const forms =
  "Write debian:<suite> (its newest kernel), debian:<suite>/<release> (globs and A..B ranges work; see 'kbuild-ts kernel list'), host, source:<file>, or the path of a KDIR.";

/**
 * Reads a kernel reference: `<distribution>:<suite>[/<selector>]`, either with globs,
 * `host[/<selector>]`, `source:<file>`, or a path.
 * @throws KbuildError KERNEL_REF, KERNEL_UNKNOWN
 */
export function parseKernelRef(text: string, repositories: readonly Repository[]): KernelRef {
  if (/^[./~]/.test(text)) return { provider: 'path', path: absolute(text) };
  const [, source] = /^source:(.+)$/.exec(text) ?? [];
  if (source !== undefined) return { provider: 'source', file: absolute(source) };
  const [, host, hostSelector] = /^(host)(?:\/(.+))?$/.exec(text) ?? [];
  if (host !== undefined) {
    if (hostSelector === undefined) return { provider: 'host' };
    return { provider: 'host', selector: parseSelector(hostSelector, text) };
  }
  const [, distribution, suite, selector] = /^([\w.*?-]+):([\w.*?-]+)(?:\/(.+))?$/.exec(text) ?? [];
  if (distribution === undefined || suite === undefined) {
    throw new KbuildError('KERNEL_REF', `'${text}' is no kernel reference`, forms);
  }
  return {
    provider: 'repository',
    repositories: named(distribution, suite, repositories),
    selector: parseSelector(selector ?? 'latest', text),
  };
}

/** A reference of a kernel as it names this very one later, too: `host` is what runs then. */
export const pinnedRef = (ref: string, release: string | undefined): string =>
  ref === 'host' && release !== undefined ? `host/${release}` : ref;

const absolute = (path: string): string => resolve(path.replace(/^~(?=\/|$)/, homedir()));

function named(
  distribution: string,
  suite: string,
  repositories: readonly Repository[],
): Repository[] {
  const pattern = `${distribution}:${suite}`;
  const found = repositories.filter((repository) => matchesGlob(repositoryId(repository), pattern));
  if (found.length > 0) return found;
  throw new KbuildError(
    'KERNEL_UNKNOWN',
    `no repository of kernels is called '${pattern}'`,
    suggestion(pattern, repositories.map(repositoryId), 'repositories'),
  );
}
