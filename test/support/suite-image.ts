import { suiteByName } from '../../src/kernel/suite.js';
import { openRunDirectory } from '../../src/storage/run-directory.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { ensureBaseImage } from '../../src/toolchain/base-image.js';
import { derivedImage } from '../../src/toolchain/derived-image.js';
import { findEngineAndImages } from '../../src/workflow/session.js';

/** An image of a suite of Debian with some of its packages, without what they only recommend. */
export interface SuiteImage {
  /** For people who look at the engine. */
  name: string;
  suite: string;
  packages: readonly string[];
  /** A shell command that fails if the image is not what is wanted; absent for none. */
  check?: string;
}

/**
 * Makes the image, or finds it: the engine keeps it.
 * @returns its id
 */
export async function suiteImage({ name, suite, packages, check }: SuiteImage): Promise<string> {
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  const setup = [
    'apt-get update',
    `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    'rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin',
    ...(check === undefined ? [] : [check]),
  ].join(' && ');
  const scratch = await openRunDirectory(cacheDirectory());
  try {
    const { images } = await findEngineAndImages();
    const { signal } = new AbortController();
    const base = await ensureBaseImage(suiteByName(suite), images, scratch.path, onLine, signal);
    return (await derivedImage({ name, base, setup }, images, onLine)).id;
  } catch (error) {
    throw new Error(`no image ${name}: ${lines.slice(-20).join('\n')}`, { cause: error });
  } finally {
    await scratch.remove();
  }
}
