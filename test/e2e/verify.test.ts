import { X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExplainedFinding, FindingCode } from '../../src/artifact/finding.js';
import { verifyModule } from '../../src/artifact/verify-module.js';
import { KbuildError, type ErrorReport } from '../../src/errors/kbuild-error.js';
import { parseKernelConfig } from '../../src/kernel/config.js';
import { readKernelImage } from '../../src/kernel/image/read-kernel-image.js';
import type { Kdir } from '../../src/kernel/kdir.js';
import type { KernelListing } from '../../src/kernel/providers/port.js';
import { parseSymvers } from '../../src/kernel/symvers.js';
import { readSubjects } from '../../src/workflow/read-subjects.js';
import type { ModuleVerification, VerifyReport } from '../../src/workflow/verify.js';
import { artifactsOf, build, examples, kbuild, kbuildJson } from '../support/cli.js';
import { compress } from '../support/compressors.js';
import { debianImage, type DebianImage } from '../support/debian-image.js';
import { fetchedKdir } from '../support/kdir.js';
import { fixtureModulePath } from '../support/fixture-module.js';
import { makeKeyPair, type KeyPair } from '../support/openssl.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

type Report = VerifyReport & { error?: ErrorReport };

const verify = async (...args: string[]) => {
  const { exitCode, document } = await kbuildJson<Report>(['verify', ...args]);
  return { exitCode, ...document };
};

/** The result for one module. */
const verifyOne = async (
  ...args: string[]
): Promise<ModuleVerification & { exitCode?: number }> => {
  const { exitCode, modules, error } = await verify(...args);
  expect(error).toBeUndefined();
  expect(modules).toHaveLength(1);
  return { ...(exitCode !== undefined && { exitCode }), ...modules[0]! };
};

const codesOf = ({ findings }: { findings: ExplainedFinding[] }): FindingCode[] => [
  ...new Set(findings.map(({ code }) => code)),
];
const flagsOf = ({ taints }: ModuleVerification) => taints.map(({ flag }) => flag).join('');

const keys = temporaryDirectory();
let vendor: KeyPair;
let image: DebianImage;
let kdir: Kdir;
/** `--kernel` with what the newest kernel of Debian 12 for arm64 is called. */
let kernel: string[];
/** Modules of examples/, built for that kernel and for x86_64's. */
let built: Record<string, string>;

beforeAll(async () => {
  vendor = makeKeyPair(keys, 'vendor', { algorithm: 'rsa' });
  image = await debianImage('bookworm', 'arm64');
  kernel = ['--kernel', image.ref];
  kdir = await fetchedKdir(image.ref, 'arm64');
  const out = temporaryDirectory();
  const { exitCode, document } = await build([
    ...[examples, '--out', out, '--kernel', 'debian:bookworm', '--arch', 'arm64,x86_64'],
  ]);
  expect(exitCode).toBe(0);
  built = Object.fromEntries(
    artifactsOf(document).map(({ path, elf }) => [
      `${basename(path, '.ko')} ${elf.machine === 183 ? 'arm64' : 'x86_64'}`,
      join(out, path),
    ]),
  );
});

const hello = () => built['hello arm64']!;

/** A copy of a module, changed. */
function changed(path: string, change: (bytes: Buffer) => Uint8Array, name = basename(path)) {
  return join(temporaryDirectory({ [name]: change(readFileSync(path)) }), name);
}

/** A copy of a module, signed. */
async function signed(path: string, pair: KeyPair, ...options: string[]): Promise<string> {
  const copy = changed(path, (bytes) => bytes);
  const args = ['sign', copy, '--key', pair.key, '--cert', pair.cert, '--hash', 'sha256'];
  expect(await kbuild([...args, ...options])).toMatchObject({ exitCode: 0, stderr: '' });
  return copy;
}

describe('verify of all modules of Debian’s arm64 kernel', () => {
  it.each([[[]], [['--strict']]])(
    'finds nothing, against its own headers and its own image: %j',
    async (options) => {
      const args = [image.modules, ...kernel, '--kernel-image', image.vmlinuz, ...options];
      const { exitCode, modules } = await verify(...args);
      expect(exitCode).toBe(0);
      expect(modules.length).toBeGreaterThan(3600);
      expect(modules.flatMap(({ findings }) => findings)).toEqual([]);
      expect(modules.filter(({ loads }) => loads !== 'yes')).toEqual([]);
      // Modules of the kernel's own tree taint it only where they are of drivers/staging.
      for (const module of modules) {
        expect(flagsOf(module), module.path).toBe(module.path.includes('/staging/') ? 'C' : '');
      }
    },
  );

  it('says so in a line', async () => {
    const some = join(image.modules, 'kernel/net');
    const args = ['verify', some, ...kernel, '--kernel-image', image.vmlinuz];
    const count = execFileSync('find', [some, '-name', '*.ko'], { encoding: 'utf8' });
    expect(await kbuild(args)).toEqual({
      exitCode: 0,
      stdout: `${count.trim().split('\n').length} would load, 0 would be refused`,
      stderr: '',
    });
  });

  it('trusts the certificates with which OpenSSL verifies them', async () => {
    const { certificates } = await readKernelImage(readFileSync(image.vmlinuz));
    const files = certificates.map((der, i) => {
      const path = join(keys, `builtin-${i}.pem`);
      writeFileSync(path, new X509Certificate(der).toString());
      return path;
    });
    expect(files.length).toBeGreaterThan(0);
    const module = await smallModule();
    expect(await opensslVerifies(module, files)).toBe(true);
    expect(await opensslVerifies(module, [vendor.cert])).toBe(false);
    const certs = files.flatMap((file) => ['--cert', file]);
    expect(codesOf(await verifyOne(module, ...kernel, ...certs))).toEqual([]);
    expect(codesOf(await verifyOne(module, ...kernel, '--cert', vendor.cert))).toEqual([
      'SIGNATURE_UNTRUSTED',
    ]);
    expect(codesOf(await verifyOne(module, ...kernel))).toEqual(['SIGNATURE_UNVERIFIED']);
  });

  describe('against another release', () => {
    let other: Kdir;
    let ref: string;

    beforeAll(async () => {
      const list = ['kernel', 'list', 'debian:bookworm', '--arch', 'arm64'];
      const { document } = await kbuildJson<{ kernels: KernelListing[] }>(list);
      const flavour = document.kernels.filter(({ release }) => /^6\.1\.0-\d+-arm64$/.test(release));
      ref = flavour.find(({ release }) => release !== image.release)!.ref;
      other = await fetchedKdir(ref, 'arm64');
    });

    /** The CRC of each symbol, by the columns of Module.symvers. */
    const crcsOf = ({ symversPath }: Kdir, only = ''): Map<string, string> => {
      const lines = readFileSync(symversPath, 'utf8').split('\n');
      const columns = lines.map((line) => line.split('\t'));
      const wanted = columns.filter(([, , module]) => only === '' || module === only);
      return new Map(wanted.map(([crc = '', name = '']) => [name, crc]));
    };

    it('says of each module which symbols disagree, as modprobe’s and modpost’s CRCs do', async () => {
      const { exitCode, modules } = await verify(image.modules, '--kernel', ref);
      const theirs = crcsOf(other, 'vmlinux');
      const step = Math.floor(modules.length / 200);
      for (const module of modules.filter((_, i) => i % step === 0)) {
        const recorded = execFileSync('modprobe', ['--show-modversions', module.path], {
          encoding: 'utf8',
        });
        const disagreeing = recorded.split('\n').flatMap((line) => {
          const [crc, name = ''] = line.split('\t');
          const own = theirs.get(name);
          return own === undefined || own === crc ? [] : [name];
        });
        const said = module.findings
          .filter(({ code }) => code === 'SYMBOL_CRC_MISMATCH' || code === 'LAYOUT_MISMATCH')
          .map(({ symbol = 'module_layout' }) => symbol);
        expect(said.sort(), module.path).toEqual(disagreeing.sort());
        expect(codesOf(module)).toContain('VERMAGIC_RELEASE_DIFFERS');
        if (disagreeing.length > 0) expect(module.loads).toBe('no');
      }
      expect(exitCode).toBe(modules.some(({ loads }) => loads === 'no') ? 3 : 0);
    });

    it('refuses them all if it is strict', async () => {
      const { exitCode, modules } = await verify(hello(), '--kernel', ref, '--strict');
      expect(exitCode).toBe(3);
      expect(modules[0]?.findings.find(({ check }) => check === 'vermagic')).toMatchObject({
        code: 'VERMAGIC_RELEASE_DIFFERS',
        severity: 'error',
      });
    });

    it('lists with --diff what changed and what vanished', async () => {
      const { exitCode, differences } = await verify(hello(), ...kernel, '--diff', ref);
      expect(exitCode).toBe(0);
      const [ours, theirs] = [crcsOf(kdir), crcsOf(other)];
      const names = [...ours.keys()].filter((name) => name !== '');
      expect(differences).toHaveLength(1);
      expect(differences[0]).toMatchObject({
        from: { release: image.release },
        to: { release: other.release },
        changed: names.filter((name) => theirs.has(name) && theirs.get(name) !== ours.get(name)),
        vanished: names.filter((name) => !theirs.has(name)),
      });
    });

    it('shows with --diff whether one binary serves both', async () => {
      const args = ['verify', hello(), ...kernel, '--diff', ref];
      const { stdout } = await kbuild(args);
      expect(stdout).toMatch(/hello\.ko loads on /);
      expect(stdout).toContain(`${image.release} → ${other.release} (arm64): `);
    });
  });
});

describe('verify of a module', () => {
  it('that was built for this kernel: it loads, and taints as an unsigned one from outside', async () => {
    const module = await verifyOne(hello(), ...kernel);
    expect(module).toMatchObject({
      exitCode: 0,
      path: hello(),
      kernel: { release: image.release, arch: 'arm64', kdir: kdir.path },
      loads: 'yes',
    });
    expect(codesOf(module)).toEqual(['SIGNATURE_MISSING']);
    expect(flagsOf(module)).toBe('OE');
  });

  it('that is unsigned: a strict kernel refuses it', async () => {
    expect(await verifyOne(hello(), ...kernel, '--strict')).toMatchObject({
      exitCode: 3,
      loads: 'no',
      findings: [{ code: 'SIGNATURE_MISSING', severity: 'error', check: 'signature' }],
      taints: [],
    });
  });

  it('for another arch', async () => {
    const module = await verifyOne(fixtureModulePath('params-x86_64'), ...kernel);
    expect(module).toMatchObject({ exitCode: 3, loads: 'no' });
    expect(codesOf(module)).toEqual(['MACHINE_MISMATCH']);
  });

  it('for a kernel of another series, whose vermagic differs in its release alone', async () => {
    const module = await verifyOne(hello(), '--kernel', 'debian:bullseye');
    expect(module).toMatchObject({ exitCode: 3, loads: 'no' });
    expect(codesOf(module)).toEqual(
      expect.arrayContaining(['VERMAGIC_RELEASE_DIFFERS', 'LAYOUT_MISMATCH']),
    );
  });

  it('for each kernel that is named, of its own arch', async () => {
    const both = [built['hello arm64']!, built['hello x86_64']!];
    const { exitCode, modules } = await verify(...both, '--kernel', 'debian:bookworm');
    expect(exitCode).toBe(0);
    expect(modules.map(({ path, kernel: { arch }, loads }) => [path, arch, loads])).toEqual(
      expect.arrayContaining([
        [both[0], 'arm64', 'yes'],
        [both[1], 'x86_64', 'yes'],
      ]),
    );
    expect(modules).toHaveLength(2);
  });

  it('that uses symbols of another one, given alone and together', async () => {
    const [consumer, exporter] = [built['consumer arm64']!, built['exporter arm64']!];
    const alone = await verifyOne(consumer, ...kernel);
    expect(alone).toMatchObject({ exitCode: 3, loads: 'no' });
    const errors = alone.findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code, symbol = '' }) => `${code} ${symbol}`).sort()).toEqual([
      'SYMBOL_UNDEFINED exporter_add',
      'SYMBOL_UNDEFINED exporter_read',
      'SYMBOL_UNDEFINED exporter_remove',
    ]);
    const { exitCode, modules } = await verify(consumer, exporter, ...kernel);
    expect(exitCode).toBe(0);
    expect(modules.map(({ loads }) => loads)).toEqual(['yes', 'yes']);
  });

  it('that is proprietary and takes a GPL-only symbol', async () => {
    const proprietary = changed(
      built['consumer arm64']!,
      replacing('license=GPL\0', 'license=XYZ\0'),
    );
    const { exitCode, modules } = await verify(proprietary, built['exporter arm64']!, ...kernel);
    expect(exitCode).toBe(3);
    const consumer = modules.find(({ path }) => path === proprietary)!;
    const { symbol = '', message = '' } =
      consumer.findings.find(({ code }) => code === 'SYMBOL_GPL_ONLY') ?? {};
    expect(symbol).toMatch(/^exporter_/);
    expect(message).toContain("'XYZ'");
  });

  it('that keeps to a KMI symbol list, and that does not', async () => {
    const listed = join(
      temporaryDirectory({ list: '[abi_symbol_list]\n  _printk # log\n' }),
      'list',
    );
    const args = [hello(), ...kernel, '--kmi-symbol-list', listed];
    const { findings } = await verifyOne(...args);
    const outside = findings.filter(({ code }) => code === 'KMI_SYMBOL_NOT_LISTED');
    const told = execFileSync('nm', ['--undefined-only', '--format=posix', hello()], {
      encoding: 'utf8',
    });
    const imports = told
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]!);
    expect(outside.map(({ symbol }) => symbol).sort()).toEqual(
      imports.filter((name) => name !== '_printk').sort(),
    );
  });

  it('that lost its symbol table', async () => {
    const module = changed(built['hello x86_64']!, (bytes) => bytes);
    execFileSync('strip', ['--strip-all', module]);
    expect(execFileSync('readelf', ['-SW', module], { encoding: 'utf8' })).not.toContain('.symtab');
    expect(await verifyOne(module, '--kernel', 'debian:bookworm')).toMatchObject({
      ...{ exitCode: 3, loads: 'no' },
      findings: [{ code: 'SYMBOL_TABLE_MISSING', severity: 'error' }],
    });
  });

  it('that has no struct module', async () => {
    const [name, other] = ['.gnu.linkonce.this_module\0', '.gnu.linkonce.that_module\0'];
    const module = changed(built['hello x86_64']!, replacing(name, other));
    expect(await verifyOne(module, '--kernel', 'debian:bookworm')).toMatchObject({
      ...{ exitCode: 3, loads: 'no' },
      findings: [{ code: 'NOT_A_MODULE', severity: 'error' }],
    });
  });

  it('that is any object of an assembler', async () => {
    const module = join(temporaryDirectory(), 'object.ko');
    execFileSync('as', ['-o', module], { input: '.globl x\nx: call printf\n' });
    const machine = process.arch === 'x64' ? 'x86_64' : 'arm64';
    expect(await verifyOne(module, '--kernel', 'debian:bookworm')).toMatchObject({
      ...{ exitCode: 3, loads: 'no', kernel: { arch: machine } },
      findings: [{ code: 'NOT_A_MODULE', severity: 'error' }],
    });
  });

  it('that takes GPL-only symbols, and others of a proprietary module', async () => {
    const exporter = built['exporter arm64']!;
    const proprietary = changed(exporter, replacing('license=GPL\0', 'license=XYZ\0'));
    const { exitCode, modules } = await verify(built['consumer arm64']!, proprietary, ...kernel);
    expect(exitCode).toBe(3);
    const [consumer, closed] = modules;
    const errors = consumer!.findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code, symbol = '' }) => `${code} ${symbol}`).sort()).toEqual([
      'SYMBOL_FROM_PROPRIETARY exporter_add',
      'SYMBOL_FROM_PROPRIETARY exporter_read',
      'SYMBOL_FROM_PROPRIETARY exporter_remove',
    ]);
    expect(errors[0]?.message).toContain('exporter, which is proprietary');
    expect(closed?.taints.map(({ flag }) => flag)).not.toContain('G');
  });

  it('whose file is called otherwise than the module', async () => {
    const renamed = changed(hello(), (bytes) => bytes, 'goodbye.ko');
    const module = await verifyOne(renamed, ...kernel);
    expect(module.loads).toBe('yes');
    expect(codesOf(module)).toContain('NAME_MISMATCH');
  });
});

describe('verify of a signed module', () => {
  it('trusts the certificate that is given', async () => {
    const module = await signed(hello(), vendor);
    const result = await verifyOne(module, ...kernel, '--cert', vendor.cert, '--strict');
    expect(result).toMatchObject({ exitCode: 0, loads: 'yes', findings: [] });
    expect(flagsOf(result)).toBe('O');
  });

  it('does not trust a key that the kernel does not know', async () => {
    const args = [await signed(hello(), vendor), ...kernel, '--kernel-image', image.vmlinuz];
    const lenient = await verifyOne(...args);
    expect(lenient).toMatchObject({ exitCode: 0, loads: 'yes' });
    expect(lenient.findings).toMatchObject([{ code: 'SIGNATURE_UNTRUSTED', severity: 'warning' }]);
    expect(lenient.findings[0]?.message).toContain("'Signer vendor' (sha256)");
    expect(flagsOf(lenient)).toBe('OE');
    expect(await verifyOne(...args, '--strict')).toMatchObject({ exitCode: 3, loads: 'no' });
  });

  it('finds that it was stripped after it was signed', async () => {
    const own = ['--kernel', 'debian:bookworm', '--cert', vendor.cert];
    const module = await signed(built['hello x86_64']!, vendor);
    expect(codesOf(await verifyOne(module, ...own))).toEqual([]);
    execFileSync('strip', ['--strip-debug', module]);
    expect(codesOf(await verifyOne(module, ...own))).toEqual(['SIGNATURE_MISSING']);
  });

  it('finds that something was appended to it', async () => {
    const module = changed(await signed(hello(), vendor), (bytes) =>
      Buffer.concat([bytes, Buffer.from('\n')]),
    );
    const args = [module, ...kernel, '--cert', vendor.cert];
    expect(codesOf(await verifyOne(...args))).toEqual(['SIGNATURE_NOT_LAST']);
    expect(await verifyOne(...args, '--strict')).toMatchObject({ exitCode: 3, loads: 'no' });
  });

  it('refuses one that was changed after it was signed, even where unsigned ones load', async () => {
    const original = await smallModule();
    const module = changed(original, (bytes) => flipped(bytes, 8 * 4000));
    const args = [module, ...kernel, '--kernel-image', image.vmlinuz];
    const result = await verifyOne(...args);
    expect(result).toMatchObject({ exitCode: 3, loads: 'no', taints: [] });
    expect(result.findings).toMatchObject([{ code: 'SIGNATURE_INVALID', severity: 'error' }]);
  });

  it('finds one flipped bit in each of 1,000 places', { timeout: 120_000 }, async () => {
    const original = await smallModule();
    const bytes = readFileSync(original);
    const { certificates } = await readKernelImage(readFileSync(image.vmlinuz));
    const trusted = certificates.map((der) => new X509Certificate(der));
    const target = {
      kdir,
      config: parseKernelConfig(readFileSync(kdir.configPath, 'utf8')),
      symvers: parseSymvers(readFileSync(kdir.symversPath, 'utf8')),
      siblings: new Map<string, never>(),
      strict: false,
    };
    const copy = join(temporaryDirectory(), basename(original));
    const judge = async (content: Buffer): Promise<string> => {
      writeFileSync(copy, content);
      try {
        const [subject] = await readSubjects([copy], trusted);
        const { findings, loads } = verifyModule(subject!, target);
        const said = findings.filter(({ check }) => check === 'signature' || check === 'machine');
        return said.length === 0 ? loads : codesOf({ findings: said }).join();
      } catch (error) {
        if (!(error instanceof KbuildError)) throw error;
        return error.code;
      }
    };
    expect(await judge(bytes)).toBe('yes');
    // Unsigned, or of an unknown signer, or for no machine: whatever it is, it is not passed over.
    const known =
      /^(SIGNATURE_(INVALID|MISSING|UNTRUSTED|UNSUPPORTED)|MODULE_\w+|MACHINE_MISMATCH|NOT_\w+|SYMBOL_TABLE_MISSING)$/;
    const found = new Map<string, number>();
    const random = randomNumbers(1);
    for (let i = 0; i < 1000; i++) {
      // A tenth of them in the signature and what follows it, which are a small part of the file.
      const from = i % 10 === 0 ? bytes.length - 800 : 0;
      const bit = from * 8 + Math.floor(random() * (bytes.length - from) * 8);
      const said = await judge(flipped(bytes, bit));
      expect(said, `bit ${bit}`).toMatch(known);
      found.set(said, (found.get(said) ?? 0) + 1);
    }
    expect(found.get('SIGNATURE_INVALID')).toBeGreaterThan(800);
  });
});

describe('verify of a compressed module', () => {
  const compressed = (program: string, suffix: string, ...options: string[]) =>
    changed(hello(), (bytes) => compress(program, bytes, ...options), `hello.ko.${suffix}`);

  it.each([
    ['gzip', 'gz', '-n'],
    ['xz', 'xz', '--check=crc32', '--lzma2=dict=1MiB'],
    ['zstd', 'zst'],
  ])(
    'by %s, as modules_install does it, says what the kernel lacks',
    async (program, suffix, ...options) => {
      const module = await verifyOne(compressed(program, suffix, ...options), ...kernel);
      expect(module.loads).toBe('yes');
      // Debian's 6.1 decompresses nothing itself (CONFIG_MODULE_DECOMPRESS is not set).
      expect(codesOf(module)).toEqual(['COMPRESSION_NOT_CONFIGURED', 'SIGNATURE_MISSING']);
    },
  );

  it('by xz with a checksum that the kernel does not know', async () => {
    const module = await verifyOne(compressed('xz', 'xz', '--check=crc64'), ...kernel);
    expect(codesOf(module)).toContain('COMPRESSION_UNREADABLE');
    expect(module.findings[0]?.message).toContain('crc64');
  });

  it('verifies the signature inside', async () => {
    const module = await signed(hello(), vendor);
    const packed = changed(module, (bytes) => compress('zstd', bytes), 'hello.ko.zst');
    const { findings } = await verifyOne(packed, ...kernel, '--cert', vendor.cert);
    expect(findings.filter(({ check }) => check === 'signature')).toEqual([]);
  });
});

describe('verify refuses', () => {
  const file = fixtureModulePath('params-x86_64');

  it.each([
    ['to run without a kernel', () => [file], 'USAGE', 'name the kernel'],
    ['to run without modules', () => kernel, 'USAGE', 'name the modules'],
    ['a module that is not there', () => ['no.ko', ...kernel], 'MODULE_UNREADABLE', 'no.ko'],
    ['what is no module', () => [notModule(), ...kernel], 'MODULE_NOT_ELF', 'text.ko'],
    ['a KDIR that is not there', () => [file, '--kdir', '/no/kdir'], 'KDIR_NOT_FOUND', '/no/kdir'],
    [
      'a certificate that is none',
      () => [file, ...kernel, '--cert', notModule()],
      'SIGN_KEY',
      'text.ko',
    ],
    [
      'a kernel image that is none',
      () => [file, ...kernel, '--kernel-image', notModule()],
      'KERNEL_IMAGE_FORMAT',
      'text.ko',
    ],
    [
      'the image of another kernel',
      () => [hello(), '--kernel', 'debian:bullseye', '--kernel-image', image.vmlinuz],
      'KERNEL_IMAGE_MISMATCH',
      'is the image of',
    ],
    [
      'a KMI symbol list that is not there',
      () => [file, ...kernel, '--kmi-symbol-list', '/no/list'],
      'FILE_UNREADABLE',
      '/no/list',
    ],
  ] as const)('%s', async (_, args, code, said) => {
    const { exitCode, error } = await verify(...args());
    expect(exitCode).toBe(2);
    expect(error).toMatchObject({ code, message: expect.stringContaining(said) });
  });

  const text = join(temporaryDirectory({ 'text.ko': 'no module\n' }), 'text.ko');
  const notModule = () => text;
});

describe('verify for people', () => {
  it('shows what is wrong, why it matters and what to do', async () => {
    const { exitCode, stdout } = await kbuild(['verify', built['consumer arm64']!, ...kernel]);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(`is refused by ${image.release} (arm64)`);
    expect(stdout).toMatch(/error +'exporter_add' is exported by nothing.* \[SYMBOL_UNDEFINED\]/);
    expect(stdout).toContain('Unknown symbol');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 would load, 1 would be refused');
  });
});

/** The smallest module of the image that is longer than 6,000 bytes and exports nothing. */
async function smallModule(): Promise<string> {
  const { stdout } = await execa('find', [image.modules, '-name', '*.ko', '-size', '+11']);
  const sizes = stdout
    .split('\n')
    .sort()
    .map((path) => ({ path, size: statSync(path).size }));
  const [smallest] = sizes.sort((a, b) => a.size - b.size);
  return smallest!.path;
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
  return copy;
}

const replacing = (from: string, to: string) => (bytes: Buffer) =>
  Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');

/** Numbers from 0 to 1, the same for one seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Takes the signature off and asks OpenSSL whether it is over the rest, by one of these keys. */
async function opensslVerifies(path: string, certificates: string[]): Promise<boolean> {
  const work = temporaryDirectory();
  const bytes = readFileSync(path);
  const end = bytes.length - '~Module signature appended~\n'.length - 12;
  const start = end - bytes.readUInt32BE(end + 8);
  writeFileSync(join(work, 'signature'), bytes.subarray(start, end));
  writeFileSync(join(work, 'content'), bytes.subarray(0, start));
  const bundle = join(work, 'bundle.pem');
  writeFileSync(bundle, certificates.map((file) => readFileSync(file, 'utf8')).join(''));
  const { exitCode } = await execa(
    'openssl',
    [
      ...['cms', '-verify', '-binary', '-noverify', '-inform', 'DER', '-certfile', bundle],
      ...['-in', join(work, 'signature'), '-content', join(work, 'content'), '-out', '/dev/null'],
    ],
    { reject: false },
  );
  return exitCode === 0;
}
