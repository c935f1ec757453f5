import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compress } from '../../test/support/compressors.js';
import { elfShapes, modinfoSection, writeElf } from '../../test/support/elf-writer.js';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { cmsSign, makeKeyPair } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { signatureMarker, signatureTrailer } from '../module/signature.js';
import { ModuleFiles } from './module-file.js';
import { formatCrc, reportModule } from './module-report.js';

const report = async (path: string) => reportModule(await new ModuleFiles().open(path));
const write = (content: Uint8Array, name = 'a.ko') =>
  join(temporaryDirectory({ [name]: content }), name);

describe('reportModule', () => {
  it.each(fixtureModules)('can be written as JSON and read back: %s', async (name) => {
    const whole = await report(fixtureModulePath(name));
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    expect(whole.signature).toBeNull();
  });

  it('says what a module with parameters says', async () => {
    const { modinfo, parameters, elf, versions, imports, buildId } = await report(
      fixtureModulePath('params-x86_64'),
    );
    expect(elf).toMatchObject({ class: 64, endian: 'little', machine: 62, machineName: 'x86_64' });
    expect(modinfo.name).toEqual(['params']);
    expect(parameters.length).toBeGreaterThan(0);
    expect(parameters.every(({ name }) => /^\w+$/.test(name))).toBe(true);
    expect(versions).toBe('classic');
    expect(imports.find(({ name }) => name === '_printk')?.crc).toMatch(/^0x[0-9a-f]{8}$/);
    expect(buildId).toMatch(/^[0-9a-f]{40}$/);
  });

  it('lists what a module exports', async () => {
    const { exports } = await report(fixtureModulePath('exporter-x86_64'));
    expect(exports.map(({ name, gplOnly, namespace }) => [name, gplOnly, namespace])).toEqual(
      expect.arrayContaining([
        ['exporter_add', false, ''],
        ['exporter_read', true, ''],
        ['exporter_remove', true, 'KBUILD_TS'],
      ]),
    );
  });

  it.each([
    ['gzip', 'gz'],
    ['xz', 'xz'],
    ['zstd', 'zst'],
  ])('says the same of a file that %s compressed', async (program, suffix) => {
    const content = compress(program, fixtureModule('params-x86_64'));
    const path = write(content, `params.ko.${suffix}`);
    expect(await report(path)).toEqual({
      ...(await report(fixtureModulePath('params-x86_64'))),
      ...{ path, size: content.length, compression: program },
    });
  });

  it.each(elfShapes)('reads modules of $class bits, $endian-endian', async (shape) => {
    const sections = [modinfoSection('license=GPL', 'name=a')];
    const bytes = writeElf({ ...shape, machine: 20, sections });
    expect(await report(write(bytes))).toMatchObject({
      elf: { ...shape, machine: 20, machineName: 'ppc' },
      modinfo: { license: ['GPL'], name: ['a'] },
      ...{ imports: [], exports: [], versions: 'none', btf: false },
    });
  });

  describe('of a signed module', () => {
    const module = fixtureModule('params-x86_64');
    let message: Buffer;

    beforeAll(() => {
      const directory = temporaryDirectory({ content: module });
      const pair = makeKeyPair(directory, 'vendor', {
        ...{ algorithm: 'rsa', subject: '/O=Ltd/CN=Vendor', serial: '0a1b' },
      });
      message = cmsSign(join(directory, 'content'), pair, 'sha384');
    });

    it('says who signed it, and how', async () => {
      const bytes = Buffer.concat([module, message, signatureTrailer(message.length)]);
      const { signature } = await report(write(bytes));
      const claim = { signer: 'Vendor', keyId: '0A:1B', hash: 'sha384', algorithm: 'rsa' };
      expect(signature).toMatchObject({ idType: 'PKCS#7', ...claim });
      // An RSA signature is as long as its key, and the last thing in the message.
      expect(signature?.value).toBe(message.subarray(-256).toString('hex'));
    });

    it('names another kind of signature by its number', async () => {
      const header = Buffer.alloc(12);
      header[2] = 1;
      header.writeUInt32BE(message.length, 8);
      const bytes = Buffer.concat([module, message, header, Buffer.from(signatureMarker)]);
      expect((await report(write(bytes))).signature).toMatchObject({ idType: '1', signer: '' });
    });
  });
});

describe('formatCrc', () => {
  it('writes eight digits, as Module.symvers does', () => {
    expect([0, 0xab, 0xffffffff].map(formatCrc)).toEqual([
      '0x00000000',
      '0x000000ab',
      '0xffffffff',
    ]);
  });
});
