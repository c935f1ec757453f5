import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModule, fixtureModulePath } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { arm64Config, kdirFiles, release } from '../../test/support/kdir-tree.js';
import { cmsSign, makeKeyPair } from '../../test/support/openssl.js';
import { symversText, type Export } from '../../test/support/symvers.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readModule } from '../module/read-module.js';
import { signatureTrailer } from '../module/signature.js';
import { withSession } from './session.js';
import { verify, type VerifyReport, type VerifyRequest } from './verify.js';

const consumerPath = fixtureModulePath('consumer-arm64');
const consumer = readModule(fixtureModule('consumer-arm64'));

/** What the kernel of consumer-arm64.ko exports, and what exporter does. */
const kernelSymbols: Export[] = [
  { name: 'module_layout', crc: consumer.moduleLayoutCrc },
  ...consumer.imports.filter(({ name }) => !name.startsWith('exporter_')),
];
const exporterSymbols: Export[] = consumer.imports
  .filter(({ name }) => name.startsWith('exporter_'))
  .map(({ name, crc }) => ({ name, crc, module: 'exporter' }));

/** A KDIR on this machine with these symbols. */
const kdirWith = (symbols: Export[], config = arm64Config, utsRelease = release): string =>
  temporaryDirectory({
    ...kdirFiles(config),
    'Module.symvers': symversText(...symbols),
    'include/generated/utsrelease.h': `#define UTS_RELEASE "${utsRelease}"\n`,
  });

const run = (request: Partial<VerifyRequest>): Promise<VerifyReport> =>
  withSession(
    {
      cache: temporaryDirectory(),
      runtime: 'docker',
      emit: () => undefined,
      signal: new AbortController().signal,
    },
    (session) =>
      verify(
        {
          ...{ files: [consumerPath], kernels: [], against: [], certificates: [], strict: false },
          ...request,
        },
        session,
      ),
  );

const codesOf = ({ modules }: Pick<VerifyReport, 'modules'>) =>
  modules.map(({ findings }) => findings.map(({ code }) => code));

/** A copy of a module below another name. */
const copyOf = (name: string, bytes: Uint8Array = fixtureModule('consumer-arm64')): string =>
  join(temporaryDirectory({ [name]: bytes }), name);

const replacing = (bytes: Buffer, from: string, to: string): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');

describe('verify', () => {
  it('holds modules against a KDIR', async () => {
    const path = copyOf('consumer.ko');
    const kdir = kdirWith([...kernelSymbols, ...exporterSymbols]);
    const { modules, differences } = await run({ files: [path], kernels: [kdir] });
    expect(modules).toMatchObject([
      { path, kernel: { release, arch: 'arm64', kdir }, loads: 'yes', taints: [{ flag: 'O' }, {}] },
    ]);
    expect(codesOf({ modules })).toEqual([['SIGNATURE_MISSING']]);
    expect(differences).toEqual([]);
  });

  it('holds them against each of several KDIRs', async () => {
    const good = kdirWith([...kernelSymbols, ...exporterSymbols]);
    const bad = kdirWith(kernelSymbols);
    const { modules } = await run({ kernels: [good, bad] });
    expect(modules.map(({ kernel: { kdir }, loads }) => [kdir, loads])).toEqual([
      [good, 'yes'],
      [bad, 'no'],
    ]);
  });

  describe('with modules that are given together', () => {
    /** exporter-x86_64.ko in the clothes of arm64: what it exports is the same. */
    const exporter = () => {
      const { vermagic = [] } = consumer.modinfo;
      const bytes = Buffer.from(fixtureModule('exporter-x86_64'));
      bytes.writeUInt16LE(183, 18);
      const [own = ''] = readModule(bytes).modinfo.vermagic ?? [];
      return replacing(bytes, own, (vermagic[0] ?? '').padEnd(own.length, '\0'));
    };
    const crcs = new Map(
      readModule(fixtureModule('exporter-x86_64')).exports.map(({ name, crc }) => [name, crc]),
    );

    it('resolves symbols in siblings that were built for the same kernel', async () => {
      const files = [consumerPath, copyOf('exporter.ko', exporter())];
      const kdir = kdirWith(kernelSymbols);
      const { modules } = await run({ files, kernels: [kdir] });
      const [first] = modules;
      const undefinedSymbols = first?.findings.filter(({ code }) => code === 'SYMBOL_UNDEFINED');
      expect(undefinedSymbols).toEqual([]);
      const mismatches = first?.findings.filter(({ code }) => code === 'SYMBOL_CRC_MISMATCH');
      const changed = exporterSymbols.filter(({ name, crc }) => crcs.get(name) !== crc);
      expect(mismatches).toHaveLength(changed.length);
    });

    it('refuses GPL-only symbols to what takes symbols of a proprietary one', async () => {
      const closed = replacing(exporter(), 'license=GPL\0', 'license=XYZ\0');
      const files = [consumerPath, copyOf('exporter.ko', closed)];
      const { modules } = await run({ files, kernels: [kdirWith(kernelSymbols)] });
      const found = modules[0]?.findings.filter(({ code }) => code === 'SYMBOL_FROM_PROPRIETARY');
      expect(found?.map(({ symbol }) => symbol).sort()).toEqual(
        exporterSymbols.map(({ name }) => name).sort(),
      );
      expect(modules[0]?.loads).toBe('no');
    });

    it('resolves none in modules for another kernel', async () => {
      const files = [consumerPath, fixtureModulePath('exporter-x86_64')];
      const { modules } = await run({ files, kernels: [kdirWith(kernelSymbols)] });
      const found = modules.find(({ path }) => path === consumerPath);
      expect(found?.findings.filter(({ code }) => code === 'SYMBOL_UNDEFINED')).toHaveLength(3);
    });
  });

  it('holds a module of another arch against a KDIR that is the only one', async () => {
    const files = [fixtureModulePath('params-x86_64')];
    const report = await run({ files, kernels: [kdirWith(kernelSymbols)] });
    expect(codesOf(report)).toEqual([['MACHINE_MISMATCH']]);
  });

  it('verifies signatures with the certificates that are given', async () => {
    const directory = temporaryDirectory({ content: fixtureModule('consumer-arm64') });
    const pair = makeKeyPair(directory, 'vendor', { algorithm: 'rsa' });
    const message = cmsSign(join(directory, 'content'), pair, 'sha256');
    const content = readFileSync(join(directory, 'content'));
    const path = copyOf(
      'consumer.ko',
      Buffer.concat([content, message, signatureTrailer(message.length)]),
    );
    const crypto = 'CONFIG_CRYPTO_RSA=y\nCONFIG_CRYPTO_SHA256=y\n';
    const kdir = kdirWith([...kernelSymbols, ...exporterSymbols], arm64Config + crypto);
    const request = { files: [path], kernels: [kdir], strict: true };
    expect(codesOf(await run({ ...request, certificates: [pair.cert] }))).toEqual([[]]);
    expect(codesOf(await run(request))).toEqual([['SIGNATURE_UNVERIFIED']]);
    const { cert } = makeKeyPair(directory, 'other');
    expect(codesOf(await run({ ...request, certificates: [cert] }))).toEqual([
      ['SIGNATURE_UNTRUSTED'],
    ]);
    expect(codesOf(await run({ ...request, certificates: [cert, pair.cert] }))).toEqual([[]]);
  });

  it('keeps to a KMI symbol list', async () => {
    const list = join(temporaryDirectory({ list: '[abi_symbol_list]\n  exporter_add\n' }), 'list');
    const kdir = kdirWith([...kernelSymbols, ...exporterSymbols]);
    const { modules } = await run({ kernels: [kdir], kmiSymbolList: list });
    const outside = modules[0]?.findings.filter(({ check }) => check === 'kmi');
    expect(outside).toHaveLength(consumer.imports.length - 1);
  });

  it.each([
    ['a KMI symbol list', { kmiSymbolList: '/no/list' }, 'FILE_UNREADABLE', '/no/list'],
    ['a kernel image', { kernelImage: '/no/vmlinuz' }, 'FILE_UNREADABLE', '/no/vmlinuz'],
    ['a certificate', { certificates: ['/no/cert'] }, 'SIGN_KEY', '/no/cert'],
    ['a module', { files: ['/no/m.ko'] }, 'MODULE_UNREADABLE', '/no/m.ko'],
    ['a KDIR', { kernels: ['/no/kdir'] }, 'KDIR_NOT_FOUND', '/no/kdir'],
    ['a KDIR to compare with', { against: ['/no/other'] }, 'KDIR_NOT_FOUND', '/no/other'],
  ])('names %s that is not there', async (_, request, code, path) => {
    const kernels = [kdirWith(kernelSymbols)];
    const error = await kbuildErrorOf(() => run({ kernels, ...request }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
  });

  it('names a kernel image that is none', async () => {
    const kernelImage = copyOf('vmlinuz', Buffer.from('text'));
    const kernels = [kdirWith(kernelSymbols)];
    const error = await kbuildErrorOf(() => run({ kernels, kernelImage }));
    expect(error.code).toBe('KERNEL_IMAGE_FORMAT');
    expect(error.message.startsWith(`${kernelImage}: `)).toBe(true);
  });
});

describe('verify against another kernel', () => {
  const gone = { name: 'gone', crc: 1 };
  const all = [...kernelSymbols, ...exporterSymbols];
  const difference = async (from: Export[], to: Export[], files = [consumerPath]) => {
    const later = kdirWith(to, arm64Config, '6.1.0-57-arm64');
    const { differences } = await run({ files, kernels: [kdirWith(from)], against: [later] });
    expect(differences).toHaveLength(1);
    return differences[0]!;
  };

  it('finds no difference where there is none', async () => {
    const found = await difference(all, all);
    expect(found).toMatchObject({
      from: { release },
      to: { release: '6.1.0-57-arm64' },
      changed: [],
      vanished: [],
      modules: [{ path: consumerPath, loads: 'yes', changed: [], vanished: [], errors: [] }],
    });
  });

  it('lists what changed and vanished, of all and of what each module uses', async () => {
    const [used] = exporterSymbols;
    const unused = { name: 'unused', crc: 1 };
    const to = [
      ...all.filter(({ name }) => name !== used!.name),
      { ...unused, crc: 2 },
      { name: 'new', crc: 3 },
    ];
    const found = await difference([...all, gone, unused], to);
    expect(found).toMatchObject({
      changed: ['unused'],
      vanished: [used!.name, 'gone'],
      modules: [{ loads: 'no', changed: [], vanished: [used!.name] }],
    });
    expect(found.modules[0]?.errors.join()).toContain(used!.name);
  });

  it('says whether the other kernel would load it, though nothing that it uses changed', async () => {
    const to = all.map((symbol) =>
      symbol.name === 'module_layout' ? { ...symbol, crc: 7 } : symbol,
    );
    const { changed, modules } = await difference(all, to);
    expect(changed).toEqual(['module_layout']);
    expect(modules).toMatchObject([{ loads: 'no', changed: [], vanished: [] }]);
    expect(modules[0]?.errors).toHaveLength(1);
  });

  it('compares kernels without modules', async () => {
    const { changed, modules } = await difference([gone], [{ ...gone, crc: 2 }], []);
    expect(changed).toEqual(['gone']);
    expect(modules).toEqual([]);
  });
});
