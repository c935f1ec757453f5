import { KbuildError } from '../errors/kbuild-error.js';

/**
 * A Debian package as `buildDeps` and `--build-dep` name it: a name (Debian policy 5.6.1), maybe an
 * architecture, maybe a version (5.6.12). apt takes a `-` at a name's end for "remove it", and `any`
 * and `all` are no architectures of a package to install.
 */
export const buildDepPattern =
  /^[a-z0-9](?:[a-z0-9+.-]*[a-z0-9+.])?(?::(?!any\b|all\b)[a-z0-9]+(?:-[a-z0-9]+)*)?(?:=[A-Za-z0-9.+:~-]+)?$/;

/** What is right, for those who wrote something else. */
export const buildDepRule =
  'a Debian package is written NAME, NAME:ARCH or NAME=VERSION, for example libxtables-dev or libelf-dev:arm64';

/**
 * The packages of a command line: checked, sorted, each once.
 * @throws KbuildError USAGE
 */
export function checkedBuildDeps(packages: readonly string[]): string[] {
  const wrong = packages.find((name) => !buildDepPattern.test(name));
  if (wrong !== undefined) {
    throw new KbuildError(
      'USAGE',
      `--build-dep ${wrong}: not the name of a Debian package`,
      `${buildDepRule[0]?.toUpperCase()}${buildDepRule.slice(1)}.`,
    );
  }
  return [...new Set(packages)].sort();
}
