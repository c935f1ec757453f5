import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { confName, readConfText } from './conf-text.js';

const read = (text: string) =>
  readConfText(join(temporaryDirectory({ [confName]: text }), confName));

describe('readConfText', () => {
  it.each([
    ['PACKAGE_NAME="x"\nPACKAGE_VERSION="1.0"\n', 'x', '1.0'],
    ["PACKAGE_NAME='x-y_z'\nPACKAGE_VERSION=1.0+git~1:2@3\n", 'x-y_z', '1.0+git~1:2@3'],
    ['  PACKAGE_NAME=x # comment\r\n\tPACKAGE_VERSION="2"\r\n', 'x', '2'],
    ['PACKAGE_VERSION=1\nPACKAGE_NAME=x', 'x', '1'],
  ])('takes literals from %j', (text, name, version) => {
    expect(read(text)).toEqual({ name, version });
  });

  it.each(['mkfifo', 'mkdir'])('refuses one that was made by %s', async (program) => {
    const file = join(temporaryDirectory(), confName);
    execFileSync(program, [file]);
    const error = await kbuildErrorOf(() => readConfText(file));
    expect(error.code).toBe('DKMS_CONF_INVALID');
  });

  // What bash would make of these is for the container to say.
  it.each([
    'PACKAGE_NAME=$(touch /tmp/evil)',
    'PACKAGE_NAME="`id`"',
    'PACKAGE_NAME="$name"',
    'PACKAGE_NAME="a b"',
    'PACKAGE_NAME="x"; rm -rf /',
    'PACKAGE_NAME="x',
    'PACKAGE_NAME="../x"',
    '# PACKAGE_NAME=x',
    'MY_PACKAGE_NAME=x',
    '',
  ])('makes nothing of %j', (text) => {
    expect(read(text)).toEqual({});
  });

  it.each([
    ['BUILD_DEPENDS[0]=x', ['0', 'x']],
    ['[ -n "$x" ] && BUILD_DEPENDS=(a b-c)', ['a', 'b-c']],
    ['BUILD_DEPENDS="$others"', ['others']],
    ['# BUILD_DEPENDS=x', undefined],
    ['BUILD_DEPENDS_REBUILD=yes', undefined],
  ])('sees which others it may speak of: %j', (text, dependencies) => {
    expect(read(`${text}\n`).dependencies).toEqual(dependencies);
  });
});
