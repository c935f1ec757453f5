import { KbuildError } from '../../../errors/kbuild-error.js';
import { invalid } from './description.js';

/** Tells of files that cannot be read, and of a cache that cannot be written, in words of a user. */
export async function withFileErrors<T>(cache: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as Partial<NodeJS.ErrnoException>;
    if (code !== undefined && ['ENOSPC', 'EDQUOT', 'EROFS'].includes(code)) {
      throw new KbuildError(
        'STORAGE_FAILED',
        `the cache directory ${cache} cannot be written: ${message ?? code}`,
        'A kernel and its source take some GB. Free some disk, or name another directory in KBUILD_TS_CACHE_DIR.',
        { cause },
      );
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw invalid(
        `permission is denied: ${message ?? code}`,
        'Mend the permissions of what it names.',
      );
    }
    throw cause;
  }
}
