import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, writeTree } from '../../../../test/support/temporary-directory.js';
import { readDescription } from './description.js';

const directory = temporaryDirectory({
  'linux-6.1.tar.xz': '',
  'a.config': '',
  'b.config': '',
  'keys/vendor.pem': '',
  'tree/Makefile': '',
  'odd#name.tar': '',
});
const at = (name: string): string => join(directory, name);
let count = 0;

/** A file beside those, with this text. */
function described(text: string): string {
  const name = `${count++}.yaml`;
  writeTree(directory, { [name]: text });
  return at(name);
}

describe('readDescription', () => {
  it('reads all keys, with paths that begin at the file', async () => {
    const file = described(`
source: linux-6.1.tar.xz
arch: arm64
toolchain: clang-14
config: tinyconfig
fragments: [a.config, ./keys/../b.config]
set: { CONFIG_SMP: n, MODULES: true, HZ: 250, BASE: 0x1000, NAME: 'a "b" \\c', EMPTY: '', OFF: false }
localversion: -acme.1
files: { certs/vendor.pem: keys/vendor.pem }
make: { KCFLAGS: -g -O1 }
build: prepare
`);
    expect(await readDescription(file)).toEqual({
      source: at('linux-6.1.tar.xz'),
      arch: 'arm64',
      toolchain: 'clang-14',
      config: { target: 'tinyconfig' },
      fragments: [at('a.config'), at('b.config')],
      set: {
        CONFIG_SMP: 'n',
        CONFIG_MODULES: 'y',
        CONFIG_HZ: '250',
        CONFIG_BASE: '0x1000', // not 4096: Kconfig would take its digits for hexadecimal ones
        CONFIG_NAME: '"a \\"b\\" \\\\c"',
        CONFIG_EMPTY: '""',
        CONFIG_OFF: 'n',
      },
      localversion: '-acme.1',
      files: { 'certs/vendor.pem': at('keys/vendor.pem') },
      make: { KCFLAGS: '-g -O1' },
      build: 'prepare',
    });
  });

  const defaults = {
    config: { target: 'defconfig' },
    fragments: [],
    set: {},
    files: {},
    make: {},
    build: 'kernel',
  };

  it.each([
    ['linux-6.1.tar.xz', { source: at('linux-6.1.tar.xz') }],
    ['tree', { source: at('tree') }],
    ['tree#v6.1', { source: at('tree'), revision: 'v6.1' }],
    ['odd#name.tar', { source: at('odd#name.tar') }],
  ])('takes %s as it is, for the defconfig', async (name, expected) => {
    expect(await readDescription(at(name))).toEqual({ ...defaults, ...expected });
  });

  it.each([
    ['acme_defconfig', { target: 'acme_defconfig' }],
    ['allnoconfig', { target: 'allnoconfig' }],
    ['a.config', { file: at('a.config') }],
    ['./a.config', { file: at('a.config') }],
  ])('tells a target of make from a file: %s', async (config, expected) => {
    const file = described(`source: tree\nconfig: ${config}\n`);
    expect((await readDescription(file)).config).toEqual(expected);
  });

  it.each<[string, string, RegExp, RegExp]>([
    [
      'an unknown key',
      'source: tree\nfragment: [x]\n',
      /\.yaml:2:1: unknown key 'fragment'/,
      /Did you mean 'fragments'\?/,
    ],
    ['no source', 'arch: arm64\n', /\.yaml:1:1: source: /, /docs\/kernels\.md/],
    ['an unknown arch', 'source: tree\narch: arm65\n', /\.yaml:2:7: arch: /, /docs\/kernels\.md/],
    ['what is no map', '- source\n', /\.yaml:1:1: /, /docs\/kernels\.md/],
    ['broken YAML', 'source: [tree\n', /\.yaml:2:1: /, /syntax/],
    ['an alias of nothing', 'source: *x\n', /\.yaml: Unresolved alias/, /syntax/],
    [
      'a missing source',
      'source: nowhere.tar.xz\n',
      /source: there is no .*\/nowhere\.tar\.xz/,
      /tarball/,
    ],
    [
      'a missing fragment',
      'source: tree\nfragments: [c.config]\n',
      /fragments: there is no file .*\/c\.config/,
      /begin at/,
    ],
    [
      'an unknown config',
      'source: tree\nconfig: menuconfig\n',
      /config: there is no file .*\/menuconfig/,
      /defconfig/,
    ],
    [
      'a missing file',
      'source: tree\nfiles: { a/b: c }\n',
      /files\.a\/b: there is no file/,
      /begin at/,
    ],
    [
      'a way out of the source',
      'source: tree\nfiles: { ../x: a.config }\n',
      /files\.\.\.\/x: .*no \. or \.\./,
      /docs/,
    ],
    [
      'an absolute path',
      'source: tree\nfiles: { /etc/x: a.config }\n',
      /files\.\/etc\/x: .*relative/,
      /docs/,
    ],
    [
      'a symbol that is none',
      "source: tree\nset: { 'X=y\\nY': y }\n",
      /set\..*not the name/,
      /docs/,
    ],
    ['two lines for a value', 'source: tree\nset: { X: "a\\nCONFIG_Y=y" }\n', /set\.X: /, /docs/],
    [
      'a variable of ours',
      'source: tree\nmake: { O: /etc }\n',
      /make\.O: kbuild-ts sets this/,
      /docs/,
    ],
    [
      'a variable that is none',
      'source: tree\nmake: { "-C /etc; x": y }\n',
      /make\..*letters, digits/,
      /docs/,
    ],
    ['another build', 'source: tree\nbuild: all\n', /\.yaml:2:8: build: /, /docs/],
    [
      'an odd localversion',
      'source: tree\nlocalversion: "-a b"\n',
      /localversion: it has letters/,
      /docs/,
    ],
    [
      'two localversions',
      'source: tree\nlocalversion: -a\nset: { LOCALVERSION: -b }\n',
      /localversion: set has/,
      /docs/,
    ],
  ])('refuses %s', async (_, text, message, hint) => {
    const error = await kbuildErrorOf(() => readDescription(described(text)));
    expect(error.code).toBe('KERNEL_SOURCE_INVALID');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('names a reference that leads nowhere', async () => {
    const error = await kbuildErrorOf(() => readDescription(at('nothing.yaml')));
    expect(error.code).toBe('KERNEL_SOURCE_INVALID');
    expect(error.message).toContain(`source:${at('nothing.yaml')}: source: there is no`);
  });
});
