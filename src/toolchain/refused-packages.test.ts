import { describe, expect, it } from 'vitest';
import { suiteByName } from '../kernel/suite.js';
import { RefusedPackages } from './refused-packages.js';
import { toolchainByName } from './toolchain.js';

const cause = new Error('the image could not be built');

/** The error after these lines of apt's. */
function errorAfter(text: string) {
  const refused = new RefusedPackages();
  text.split('\n').forEach(refused.listen);
  return refused.error(suiteByName('bookworm'), toolchainByName('gcc-12'), cause);
}

/** As Docker's builder passes on what a step writes to its standard error. */
const red = (text: string): string => `\u001B[91m${text}\n\u001B[0m`;

describe('RefusedPackages', () => {
  it('names packages that apt does not know, and where', () => {
    const error = errorAfter(
      `Reading state information...\n${red('E: Unable to locate package nosuch\nE: Unable to locate package other:arm64')}`,
    );
    expect(error?.code).toBe('BUILD_DEP_UNKNOWN');
    expect(error?.message).toMatch(
      /^there is no package nosuch, other:arm64 in debian's bookworm.*gcc-12/,
    );
    expect(error?.hint).toContain('apt-cache search');
    expect(error?.hint).toContain('--build-dep');
    expect(error?.cause).toBe(cause);
  });

  it('names what provides a virtual package', () => {
    // apt 3.0
    const error = errorAfter(`Package awk is a virtual package provided by:
  original-awk:arm64 2025-01-16-1
  mawk:arm64 1.3.4.20250131-1
  original-awk 2025-01-16-1
  mawk 1.3.4.20250131-1

${red("E: Package 'awk' has no installation candidate")}`);
    expect(error?.message).toContain('no package awk');
    expect(error?.hint).toMatch(/^Name one of these instead: original-awk, mawk\./);
  });

  it('names what replaces a package that is gone', () => {
    // apt 2.6
    const error =
      errorAfter(`Package python3.1 is not available, but is referred to by another package.
This may mean that the package is missing, has been obsoleted, or
is only available from another source
However the following packages replace it:
  python3-dev python3-minimal

E: Package 'python3.1' has no installation candidate`);
    expect(error?.hint).toMatch(/^Name one of these instead: python3-dev, python3-minimal\./);
  });

  it('names a version that is not there, and offers no other package', () => {
    const error =
      errorAfter(`Package python3 is not available, but is referred to by another package.
However the following packages replace it:
  python3-dev

E: Version '1' for 'python3' was not found`);
    expect(error?.code).toBe('BUILD_DEP_UNKNOWN');
    expect(error?.message).toContain('no python3=1 in');
    expect(error?.hint).toMatch(/^Leave the version out/);
  });

  it.each([
    [
      'apt 2.6',
      ` gcc : Conflicts: gcc:arm64 but 4:12.2.0-3 is to be installed
 gcc:arm64 : Conflicts: gcc
${red('E: Unable to correct problems, you have held broken packages.')}`,
      ': gcc : Conflicts: gcc:arm64 but 4:12.2.0-3 is to be installed',
    ],
    [
      'apt 3.3, which begins with what follows of it',
      ` gcc : Depends: cpp (= 4:16.1.0-3) but it is not going to be installed
       Depends: gcc-16 (>= 16.1.0-3~) but it is not going to be installed
       Conflicts: gcc:arm64 but 4:16.1.0-3 is to be installed
${red('E: Unable to satisfy dependencies. Reached two conflicting assignments:')}`,
      ': gcc : Conflicts: gcc:arm64 but 4:16.1.0-3 is to be installed',
    ],
    [
      'one that needs what is not there',
      ` acme : Depends: nosuch but it is not installable
${red('E: Unable to correct problems, you have held broken packages.')}`,
      ': acme : Depends: nosuch but it is not installable',
    ],
  ])('says which packages have no room beside each other: %s', (_, lines, said) => {
    const error = errorAfter(`The following packages have unmet dependencies:\n${lines}`);
    expect(error?.code).toBe('BUILD_DEP_UNKNOWN');
    expect(error?.message.endsWith(said), error?.message).toBe(true);
    expect(error?.hint).toContain('--verbose');
  });

  it('has nothing to say of a network that fails, and of what goes well', () => {
    for (const text of [
      'W: Failed to fetch http://mirror.example/InRelease  Could not connect\nE: Some index files failed to download. They have been ignored, or old ones used instead.',
      'E: You don’t have enough free space in /var/cache/apt/archives/.',
      'Package foo is a virtual package provided by:\n  bar 1\n\nSetting up bar (1) ...',
      ' gcc : Depends: cpp',
    ]) {
      expect(errorAfter(text)).toBeUndefined();
    }
  });
});
