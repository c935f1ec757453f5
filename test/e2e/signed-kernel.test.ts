import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { VerifyReport } from '../../src/workflow/verify.js';
import { boot } from '../support/boot.js';
import { artifactsOf, build, kbuild, kbuildJson } from '../support/cli.js';
import { makeKeyPair } from '../support/openssl.js';
import { moduleSource } from '../support/project.js';
import { sourceKernel } from '../support/source-kernel.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/**
 * A kernel that was built with CONFIG_MODULE_SIG_FORCE=y is asked what `verify` foretells: each
 * module is given to both.
 */
describe('a kernel that loads signed modules only', () => {
  let kdir: string;
  let kernel: string;
  let directory: string;
  let unsigned: string;

  beforeAll(async () => {
    kdir = await sourceKernel('x86_64');
    kernel = join(kdir, 'arch/x86/boot/bzImage');
    directory = temporaryDirectory({
      Kbuild: 'obj-m := probe.o\n',
      'probe.c': moduleSource(`#include <linux/ktime.h>
static int __init probe_init(void) { return ktime_get() < 0; } /* a symbol for GPL modules alone */
static void __exit probe_exit(void) {}
module_init(probe_init);
module_exit(probe_exit);`),
    });
    const { document } = await build([directory, '--kdir', kdir]);
    const [artifact] = artifactsOf(document);
    unsigned = join(directory, 'dist', artifact!.path);
  });

  const variant = (name: string): string => {
    const file = join(directory, `${name}.ko`);
    copyFileSync(unsigned, file);
    return file;
  };

  const signed = async (name: string, key: string, cert: string, ...options: string[]) => {
    const file = variant(name);
    const result = await kbuild(['sign', file, '--key', key, '--cert', cert, ...options]);
    expect(result.exitCode, result.stderr).toBe(0);
    return file;
  };

  it('loads what verify says it loads, and refuses what verify says it refuses', async () => {
    const own = [
      join(kdir, 'certs/signing_key.pem'),
      join(kdir, 'certs/signing_key.x509'),
    ] as const;
    const vendor = [join(kdir, 'certs/vendor.pem'), join(kdir, 'certs/vendor.x509.pem')] as const;
    const foreign = makeKeyPair(directory, 'foreign', { algorithm: 'rsa' });
    const good = [
      await signed('by_kernel_key', ...own),
      await signed('by_vendor_ecdsa', ...vendor),
      await signed('signed_again', ...own),
      variant('by_sign_file'),
    ];
    await kbuild(['sign', good[2]!, '--key', own[0], '--cert', own[1]]);
    execFileSync(join(kdir, 'scripts/sign-file'), ['sha512', ...own, good[3]!]);
    // Each with the finding that tells why it is refused.
    const bad = new Map<string, string>([
      [variant('not_signed'), 'SIGNATURE_MISSING'],
      [await signed('by_foreign_key', foreign.key, foreign.cert), 'SIGNATURE_UNTRUSTED'],
      [await signed('hash_unknown', ...own, '--hash', 'sha1'), 'SIGNATURE_CRYPTO_MISSING'],
    ]);
    const spoilt = async (name: string, code: string, spoil: (file: string) => void) => {
      const file = await signed(name, ...own);
      spoil(file);
      bad.set(file, code);
    };
    await spoilt('changed', 'SIGNATURE_INVALID', (file) => {
      flipBit(file, 0x200);
    });
    await spoilt('stripped', 'SIGNATURE_MISSING', (file) =>
      execFileSync('strip', ['--strip-debug', file]),
    );
    await spoilt('followed', 'SIGNATURE_NOT_LAST', (file) => {
      writeFileSync(file, '\n', { flag: 'a' });
    });
    // Changed first, and signed as it is then: what is wrong is not the signature.
    const changed = async (name: string, change: (file: string) => void) => {
      const file = variant(name);
      change(file);
      await kbuild(['sign', file, '--key', own[0], '--cert', own[1]]);
      return file;
    };
    for (const [name, code, from, to] of [
      ['other_licence', 'SYMBOL_GPL_ONLY', 'license=GPL', 'license=GPX'],
      ['other_vermagic', 'VERMAGIC_MISMATCH', ' mod_unload ', ' mod_unlaod '],
      ['unknown_symbol', 'SYMBOL_UNDEFINED', '\0ktime_get\0', '\0ktime_got\0'],
    ] as const) {
      bad.set(
        await changed(name, (file) => {
          replaceBytes(file, from, to);
        }),
        code,
      );
    }
    const crc = await changed('other_crc', (file) => {
      flipBit(file, readFileSync(file).indexOf('ktime_get\0\0') - 8);
    });
    bad.set(crc, 'SYMBOL_CRC_MISMATCH');
    // What is signed, and no module that can be linked.
    const [name, otherName] = ['\0.gnu.linkonce.this_module\0', '\0.gnu.linkonce.that_module\0'];
    for (const [file, code, change] of [
      ['no_symbols', 'SYMBOL_TABLE_MISSING', (path: string) => execFileSync('strip', ['-s', path])],
      [
        'no_struct_module',
        'NOT_A_MODULE',
        (path: string) => {
          replaceBytes(path, name, otherName);
        },
      ],
      [
        'an_object',
        'NOT_A_MODULE',
        (path: string) => {
          execFileSync('as', ['-o', path], { input: '.globl x\nx: ret\n' });
        },
      ],
    ] as const) {
      bad.set(await changed(file, change), code);
    }
    // The CRCs decide, not the release.
    const older = (file: string) => {
      replaceBytes(file, 'vermagic=6.1.', 'vermagic=6.0.');
    };
    good.push(await changed('older_release', older));

    const files = [...good, ...bad.keys()];
    const { document, exitCode } = await kbuildJson<VerifyReport>([
      ...['verify', ...files, '--kdir', kdir, '--kernel-image', kernel],
    ]);
    expect(exitCode).toBe(3);
    const foretold = document.modules.map(({ path, loads }) => [basename(path), loads]);
    for (const { path, findings } of document.modules) {
      const errors = findings.filter(({ severity }) => severity === 'error');
      const code = bad.get(path);
      expect(
        errors.map((found) => found.code),
        path,
      ).toEqual(code === undefined ? [] : [code]);
    }
    const script = files.map((file) => {
      const name = basename(file);
      return `if insmod /${name} 2>/dev/null; then rmmod probe; echo "${name} yes"; else echo "${name} no"; fi`;
    });
    const said = await boot(kernel, files, script.join('\n'));
    const loaded = [...said.matchAll(/^(\w+\.ko) (yes|no)$/gm)].map(([, name, verdict]) => [
      name,
      verdict,
    ]);
    expect(loaded).toEqual(
      files.map((file) => [basename(file), good.includes(file) ? 'yes' : 'no']),
    );
    expect(foretold).toEqual(loaded);
  });

  it('keeps GPL-only symbols from what uses a proprietary module, and taints the rest', async () => {
    const uses = (calls: string, ...headers: string[]) =>
      moduleSource(`${headers.map((header) => `#include <linux/${header}.h>\n`).join('')}
int closed_answer(void);
static int __init user_init(void) { return ${calls} < 0; }
static void __exit user_exit(void) {}
module_init(user_init);
module_exit(user_exit);`);
    const buildOf = async (license: string, ...modules: string[]) => {
      const project = temporaryDirectory({
        Kbuild: `obj-m := ${modules.map((name) => `${name}.o`).join(' ')}\n`,
        'closed.c': moduleSource(`int closed_answer(void);
int closed_answer(void) { return 42; }
EXPORT_SYMBOL(closed_answer);`).replace('"GPL"', `"${license}"`),
        'mixed.c': uses('closed_answer() + ktime_get()', 'ktime'),
        'plain.c': uses('closed_answer()'),
      });
      const { document: built } = await build([project, '--kdir', kdir]);
      const paths = artifactsOf(built).map(({ path }) => join(project, 'dist', path));
      const fileOf = (name: string) => paths.find((path) => basename(path) === `${name}.ko`)!;
      return { fileOf, error: built.jobs[0]?.error };
    };
    const names = ['closed', 'mixed', 'plain'];
    // A build gives no such module; what was built beside a free one of that name is one.
    const { error } = await buildOf('Proprietary', ...names);
    expect(error).toMatchObject({ code: 'VERIFY_FAILED' });
    expect(error?.message).toContain('closed_answer');
    const closed = await buildOf('Proprietary', 'closed', 'plain');
    const free = await buildOf('GPL', 'closed', 'mixed');
    const files = names.map((name) => (name === 'mixed' ? free : closed).fileOf(name));
    const [key, cert] = ['signing_key.pem', 'signing_key.x509'].map((file) =>
      join(kdir, 'certs', file),
    ) as [string, string];
    await kbuild(['sign', ...files, '--key', key, '--cert', cert]);
    const { document } = await kbuildJson<VerifyReport>([
      ...['verify', ...files, '--kdir', kdir, '--kernel-image', kernel],
    ]);
    const errorsOf = (i: number) =>
      document.modules[i]?.findings.filter(({ severity }) => severity === 'error');
    expect(errorsOf(1)).toMatchObject([
      { code: 'SYMBOL_FROM_PROPRIETARY', symbol: 'closed_answer' },
    ]);
    const foretold = document.modules.map(({ loads, taints }, i) =>
      [names[i], loads, ...taints.map(({ flag }) => flag)].join(' '),
    );
    const script = names.map(
      (name) =>
        `insmod /${name}.ko 2>/dev/null && echo "${name} yes $(sed 's/./& /g;s/ $//' /sys/module/${name}/taint)" || echo "${name} no"`,
    );
    const said = await boot(kernel, files, ['mount -t sysfs sysfs /sys', ...script].join('\n'));
    const loaded = [...said.matchAll(/^\w+ (yes( [A-Z])*|no)$/gm)].map(([line]) => line);
    expect(loaded).toEqual(['closed yes P O', 'mixed no', 'plain yes P O']);
    expect(foretold).toEqual(loaded);
  });
});

/** Puts other bytes of the same length in the place of the last that are these. */
function replaceBytes(file: string, from: string, to: string): void {
  const bytes = readFileSync(file);
  bytes.write(to, bytes.lastIndexOf(from, undefined, 'latin1'), 'latin1');
  writeFileSync(file, bytes);
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
