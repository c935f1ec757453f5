import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { JobStore, type JobFiles } from '../job-store.js';
import { makePack, readPack, sha256 } from './pack.js';

const files: JobFiles = {
  modules: [
    { path: 'params.ko', bytes: fixtureModule('params-x86_64'), name: 'own' },
    { path: 'sub/exporter.ko', bytes: fixtureModule('exporter-x86_64') },
  ],
  symvers: '0x1\tf\texporter\tEXPORT_SYMBOL\t\n',
  log: Buffer.from('all that was said, größe\n'),
  diagnostics: [
    { severity: 'warning', message: 'unused', file: '/p/a.c', line: 1, flag: '-Wunused' },
  ],
  imageId: 'sha256:1',
  milliseconds: 12.5,
  dkms: {
    ...{ name: 'x', version: '1', make: 'make', patches: [], buildDepends: [], overlays: [] },
    ...{ hooks: { PRE_BUILD: 'a' }, autoinstall: true, noWeakModules: false, warnings: [] },
    ...{ problems: [], withoutDebugInformation: false },
    modules: [{ built: 'own', location: '', dest: 'params', target: '/updates', strip: true }],
  },
};

const stored = (changes: Partial<JobFiles> = {}) =>
  new JobStore(join(temporaryDirectory(), 'jobs')).save('ab'.repeat(32), { ...files, ...changes });

/** A pack of this record and these files, whatever they are. */
function forged(record: unknown, contents: (string | Buffer)[], sizes?: unknown): Buffer {
  const bytes = contents.map((content) => Buffer.from(content));
  const header = Buffer.from(
    JSON.stringify({
      record: JSON.stringify(record),
      sizes: sizes ?? bytes.map(({ length }) => length),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([Buffer.from('kbuild-ts pack\n'), length, header, ...bytes]);
}

/** A record of modules with these paths, all of them empty. */
const recordOf = (paths: string[], changes: object = {}) => ({
  formatVersion: 3,
  modules: paths.map((path) => ({ path, sha256: sha256('') })),
  symversSha256: sha256(''),
  diagnostics: [],
  imageId: '',
  milliseconds: 0,
  ...changes,
});

const forgedOf = (paths: string[], changes: object = {}): Buffer =>
  forged(recordOf(paths, changes), [...paths.map(() => ''), '', '']);

describe('a pack', () => {
  it('holds all that a job left', async () => {
    expect(await readPack(await makePack(await stored()))).toEqual(files);
  });

  it('is not told by where the job lay, nor how it came there', async () => {
    const own = await makePack(await stored());
    expect((await makePack(await stored({ imported: true }))).equals(own)).toBe(true);
  });

  it('is not made of files that are no longer what they were', async () => {
    const job = await stored();
    const other = { ...job, symversSha256: sha256('other') };
    await expect(makePack(other)).rejects.toThrow('Module.symvers is not what its record says');
  });

  it('may be made by hand', async () => {
    expect(await readPack(forgedOf(['a.ko', 'b/a.ko']))).toMatchObject({
      modules: [{ path: 'a.ko' }, { path: 'b/a.ko' }],
    });
  });
});

describe('a pack that is refused', () => {
  it('is cut off anywhere', async () => {
    const pack = await makePack(await stored());
    const step = Math.floor(pack.length / 50);
    for (let end = 0; end < pack.length; end += end < 600 ? 1 : step) {
      await expect(readPack(pack.subarray(0, end)), `${end}`).rejects.toThrow();
    }
    await expect(readPack(Buffer.concat([pack, Buffer.alloc(1)]))).rejects.toThrow(
      'bytes of files',
    );
  });

  it('has a bit changed in a module or in the symbols', async () => {
    const pack = await makePack(await stored());
    const end = pack.length - (files.log as Buffer).length;
    for (const at of [end - 1, end - 5000, Math.floor(end / 2)]) {
      const changed = Buffer.from(pack);
      changed[at]! ^= 1;
      await expect(readPack(changed)).rejects.toThrow('is not what its record says');
    }
  });

  it.each([
    ['/etc/x.ko'],
    ['../x.ko'],
    ['a/../../x.ko'],
    ['./x.ko'],
    ['a//x.ko'],
    ['a/../x.ko'],
    [''],
    ['x'],
    ['record.json'],
    ['x.ko/'],
    ['a\x1b[2Jx.ko'],
    ['a\0.ko'],
    ['a\u202eb.ko'],
    [`${'x'.repeat(300)}.ko`],
    [`${'x/'.repeat(600)}.ko`],
    ['x.ko', 'x.ko'],
    ['x.ko', 'x.ko/y.ko'],
    ['x.ko/y/z.ko', 'x.ko'],
  ])('names modules %j %j', async (...paths) => {
    await expect(readPack(forgedOf(paths))).rejects.toThrow();
  });

  it.each([
    ['no object', () => forged(null, ['', ''])],
    ['no record', () => forged(undefined, ['', ''])],
    ['another format', () => forgedOf(['a.ko'], { formatVersion: 2 })],
    ['a field that is none', () => forgedOf(['a.ko'], { directory: '/etc' })],
    ['a hash that is none', () => forgedOf(['a.ko'], { symversSha256: '../x' })],
    ['a time that is none', () => forgedOf(['a.ko'], { milliseconds: -1 })],
    ['a prototype', () => forged(JSON.parse('{"__proto__": {"a": 1}}'), ['', ''])],
    ['a diagnostic that is none', () => forgedOf(['a.ko'], { diagnostics: [{ severity: 'x' }] })],
    [
      'a message that moves the cursor',
      () => forgedOf(['a.ko'], { diagnostics: [{ severity: 'note', message: '\x1b[2J' }] }),
    ],
    ['a hook whose name does', () => forgedOf(['a.ko'], { dkms: { hooks: { '\x1b': '' } } })],
    ['fewer files', () => forged(recordOf(['a.ko']), ['', ''])],
    ['more files', () => forged(recordOf(['a.ko']), ['', '', '', ''])],
    ['sizes that are none', () => forged(recordOf(['a.ko']), ['', '', ''], [0, -1, 1])],
    ['sizes beyond its end', () => forged(recordOf(['a.ko']), ['', '', ''], [0, 0, 2 ** 40])],
    ['no sizes', () => forged(recordOf(['a.ko']), ['', '', ''], 'x')],
  ])('has %s', async (_, make) => {
    await expect(readPack(make())).rejects.toThrow();
  });

  it('has a header that is said to be enormous', async () => {
    const pack = await makePack(await stored());
    pack.writeUInt32BE(2 ** 32 - 1, 15);
    await expect(readPack(pack)).rejects.toThrow('a header of 4294967295 bytes');
  });
});
