import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactsOf, build, kbuild } from '../support/cli.js';
import { makeKeyPair } from '../support/openssl.js';
import { moduleSource } from '../support/project.js';
import { sourceKernel } from '../support/source-kernel.js';
import { casesOf, codesOf, outcomesOf, tested } from '../support/tested.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A module that needs one of the kernel's own, which Debian has signed. */
const checksum = moduleSource(`#include <linux/crc-itu-t.h>
static int __init checksum_init(void)
{
	pr_info("checksum: %04x\\n", crc_itu_t(0, "a", 1));
	return 0;
}
static void __exit checksum_exit(void) {}
module_init(checksum_init);
module_exit(checksum_exit);`);

describe('a kernel of Debian that is told to take signed modules alone', () => {
  it('refuses ours, which is a failure unless it is expected, and takes its own', async () => {
    const project = temporaryDirectory({
      Kbuild: 'obj-m := checksum.o\n',
      'checksum.c': checksum,
      'kbuild.config.yaml': `name: checksum
test:
  cases:
    - name: unsigned
    - name: unsigned as expected
      expect: { refused: EKEYREJECTED }
    - name: the kernel's own
      load: [crc7, crc-itu-t]
`,
    });
    const { manifest, exitCode, stderr } = await tested([
      ...[project, '-k', 'debian:bookworm', '-a', 'x86_64', '--append', 'module.sig_enforce=1'],
    ]);
    expect(exitCode, stderr).toBe(1);
    const said = [...casesOf(manifest).values()].map((one) => [
      one.name,
      one.verdict,
      codesOf(one),
      outcomesOf(one),
    ]);
    const refused = ['crc_itu_t loaded', 'checksum refused EKEYREJECTED'];
    expect(said).toEqual([
      ['unsigned', 'failed', ['MODULE_REFUSED'], refused],
      ['unsigned as expected', 'passed', [], refused],
      ["the kernel's own", 'passed', [], ['crc7 loaded', 'crc_itu_t loaded']],
    ]);
    const [first] = casesOf(manifest).values();
    expect(first?.reasons[0]?.text).toContain('Loading of unsigned module is rejected');
    expect(first?.taint.after.letters).toBe('');
  });
});

describe('a kernel that was built with CONFIG_MODULE_SIG_FORCE=y', () => {
  let kdir: string;
  let unsigned: string;
  let directory: string;

  beforeAll(async () => {
    kdir = await sourceKernel('x86_64');
    directory = temporaryDirectory({
      Kbuild: 'obj-m := probe.o\n',
      'probe.c': moduleSource(`static int __init probe_init(void) { return 0; }
static void __exit probe_exit(void) {}
module_init(probe_init);
module_exit(probe_exit);`),
    });
    const { document } = await build([directory, '--kdir', kdir]);
    unsigned = join(directory, 'dist', artifactsOf(document)[0]!.path);
  });

  /** A copy of the module, signed by a key. */
  async function signed(name: string, key: string, cert: string): Promise<string> {
    const file = join(directory, name, 'probe.ko');
    mkdirSync(join(directory, name));
    copyFileSync(unsigned, file);
    const { exitCode, stderr } = await kbuild(['sign', file, '--key', key, '--cert', cert]);
    expect(exitCode, stderr).toBe(0);
    return file;
  }

  it('loads what its own key, or one that it trusts, has signed', async () => {
    for (const [key, cert] of [
      ['signing_key.pem', 'signing_key.x509'],
      ['vendor.pem', 'vendor.x509.pem'],
    ] as const) {
      const file = await signed(`by-${key}`, join(kdir, 'certs', key), join(kdir, 'certs', cert));
      const { manifest, exitCode, stderr } = await tested([file, '--kdir', kdir]);
      expect(exitCode, stderr).toBe(0);
      const found = casesOf(manifest).get('probe: load')!;
      expect(outcomesOf(found)).toEqual(['probe loaded']);
      expect(found.taint.after.letters).toBe('O'); // not E: it is signed
      expect(found.unloads).toHaveLength(1);
    }
  });

  it('refuses what nobody has signed, and what a stranger has', async () => {
    const stranger = makeKeyPair(directory, 'stranger', { algorithm: 'rsa' });
    for (const [file, words] of [
      [unsigned, 'Loading of unsigned module is rejected'],
      [await signed('by-stranger', stranger.key, stranger.cert), 'unavailable key is rejected'],
    ] as const) {
      const { manifest, exitCode, stderr } = await tested([file, '--kdir', kdir]);
      expect(exitCode, stderr).toBe(1);
      const found = casesOf(manifest).get('probe: load')!;
      expect(outcomesOf(found)).toEqual(['probe refused EKEYREJECTED']);
      expect(codesOf(found)).toEqual(['MODULE_REFUSED']);
      expect(found.reasons[0]?.text).toContain(words);
    }
  });
});
