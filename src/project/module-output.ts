import { posix } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';

/**
 * The variables that a project adds to the make line, `MO` normalised: Kbuild's directory for what
 * it builds (Linux 6.13 and later, Documentation/kbuild/modules.rst), which a configuration names
 * relative to its project. What comes out is taken from the project's directory: it must lie there.
 * @param directory the project's, for the message
 * @throws KbuildError CONFIG_INVALID
 */
export function projectMake(
  directory: string,
  { MO, ...others }: Record<string, string> = {},
): Record<string, string> {
  if (MO === undefined) return others;
  const path = posix.normalize(MO).replace(/\/$/, '');
  const inside = path !== '..' && !path.startsWith('../') && !path.startsWith('/');
  if (!inside || !/^[\w@+./-]+$/.test(path)) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${directory}: make.MO is '${MO}', which is no directory in the project that make can name`,
      "Name one relative to the configuration, such as 'MO: out', or leave MO out.",
    );
  }
  return { ...others, MO: path };
}
