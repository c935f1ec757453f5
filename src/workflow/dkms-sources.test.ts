import { describe, expect, it } from 'vitest';
import { moduleSource } from '../../test/support/project.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { debianPackage } from '../release/dkms/debian-package.js';
import { dkmsSources } from './dkms-sources.js';

const about = `license: GPL-2.0
dkms:
  package:
    maintainer: Dkms <dkms@acme.example>
    homepage: https://acme.example/dkms
package:
  name: acme-ring
  license: GPL-2.0-only
  maintainer: Acme <drivers@acme.example>
  description: Ring buffer
`;

const described = {
  'kbuild.config.yaml': `name: Ring_x\nversion: '1.0'\nmodules: [{ name: ring, sources: [ring.c] }]\n${about}`,
  'ring.c': moduleSource(),
};

/** As it is packed where a tree has one. */
const conf = {
  'kbuild.config.yaml': `name: Ring_x\n${about}`,
  'dkms.conf': `PACKAGE_NAME=Ring_x
PACKAGE_VERSION=1.0
BUILT_MODULE_NAME[0]=ring
DEST_MODULE_LOCATION[0]=/extra
AUTOINSTALL=yes
`,
  Makefile: 'obj-m := ring.o\n',
  'ring.c': moduleSource(),
};

describe('dkmsSources', () => {
  it.each([
    ['a described project', described],
    ['a tree with a dkms.conf', conf],
  ])('says of %s what package says, then dkms.package', async (_, files) => {
    const [sources] = await dkmsSources(temporaryDirectory(files));
    expect(sources?.about).toEqual({
      license: 'GPL-2.0-only',
      maintainer: 'Acme <drivers@acme.example>',
      description: 'Ring buffer',
      homepage: 'https://acme.example/dkms',
    });
    const { name, entries } = debianPackage(sources!, 0);
    const text = (path: string) => String(entries.find((one) => one.path === path)?.content);
    expect(text('DEBIAN/control')).toContain('Maintainer: Acme <drivers@acme.example>\n');
    // dkms knows it by the project's name, and so does its package.
    expect(name).toBe('ring-x-dkms_1.0_all.deb');
    expect(text('usr/src/Ring_x-1.0/dkms.conf')).toMatch(/^PACKAGE_NAME="?Ring_x"?$/m);
  });

  it('says the project’s own licence where package says none', async () => {
    const files = { ...described };
    files['kbuild.config.yaml'] = files['kbuild.config.yaml'].replace(
      '  license: GPL-2.0-only\n',
      '',
    );
    const [sources] = await dkmsSources(temporaryDirectory(files));
    expect(sources?.about.license).toBe('GPL-2.0');
  });
});
