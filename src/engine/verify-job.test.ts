import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  modinfoSection,
  symbolSections,
  versionsSection,
  writeElf,
} from '../../test/support/elf-writer.js';
import { fakeEngine } from '../../test/support/engine.js';
import { exportingModule, prel32 } from '../../test/support/exporting-module.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kdirOf, projectAt } from '../../test/support/job-values.js';
import { kernelFor, symversText } from '../../test/support/symvers.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { parseSymvers } from '../kernel/symvers.js';
import type { Kdir } from '../kernel/kdir.js';
import type { ExportedSymbol } from '../module/exports.js';
import { readModule } from '../module/read-module.js';
import { planJobs } from '../plan/plan-jobs.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { runJobs } from './run-jobs.js';
import type { JobResult } from './job-result.js';

const arm64 = kdirOf('arm64');
const consumer = fixtureModule('consumer-arm64');
const names = ['exporter_add', 'exporter_read', 'exporter_remove'];
const crcs = new Map(readModule(consumer).imports.map(({ name, crc }) => [name, crc]));

/** What consumer takes of exporter, as that exports it; other CRCs by `changed`. */
const exportsOfExporter = (changed = 0): ExportedSymbol[] =>
  names.map((name) => ({
    name,
    crc: (crcs.get(name) ?? 0) + changed,
    gplOnly: name !== 'exporter_add',
    namespace: name === 'exporter_remove' ? 'KBUILD_TS' : '',
  }));

/** A Module.symvers that gives consumer all that it wants. */
const symvers = symversText(
  ...exportsOfExporter().map((symbol) => ({ ...symbol, module: 'sub/exporter' })),
);

/** An arm64 module that exports these and takes nothing of anyone. */
const exporting = (
  exports: readonly ExportedSymbol[],
  { name = 'exporter', license = 'GPL', bare = false } = {},
): Buffer => {
  const more = [
    modinfoSection(`license=${license}`, `name=${name}`, `vermagic=${arm64.vermagic ?? ''}`),
    versionsSection(prel32, {}),
    { name: '.gnu.linkonce.this_module' },
  ];
  if (exports.length === 0) {
    return writeElf({ ...prel32, sections: [...symbolSections(prel32, 1, []), ...more] });
  }
  return exportingModule({ ...prel32, crcs: bare ? 'none' : 'numbers' }, exports, undefined, more);
};

type Files = Record<string, string | Uint8Array>;

interface Changes {
  kdir?: Partial<Kdir>;
  /** What the kernel exports, besides what consumer takes of it. */
  kernel?: string;
}

/** Builds projects for the kernel of the arm64 fixture; each depends on the one before. */
function engineFor(projects: Record<string, Files>, { kdir, kernel = '' }: Changes = {}) {
  const parent = temporaryDirectory(
    Object.fromEntries(Object.keys(projects).map((name) => [`${name}/Kbuild`, ''])),
  );
  const all = Object.keys(projects).map((name, i, before) =>
    projectAt(join(parent, name), {
      name,
      depends: i === 0 ? [] : [join(parent, before[i - 1] ?? '')],
    }),
  );
  const targets = [{ kdir: kdirOf('arm64', kdir), toolchain: toolchainByName('gcc-12') }];
  const jobs = planJobs(
    all.map((project) => ({ project, targets })),
    'x86_64',
  );
  const { context } = fakeEngine(
    ({ title }) => {
      const name = all.find((project) => title.startsWith(`${project.name}-`))?.name ?? '';
      return { files: { 'Module.symvers': '', ...projects[name] } };
    },
    { symversOf: () => parseSymvers(kernelFor(readModule(consumer), ...names) + kernel) },
  );
  const run = () => runJobs(jobs, { failFast: false }, context());
  return run;
}

const run = (projects: Record<string, Files>, changes?: Changes) => engineFor(projects, changes)();

/** How each job ended, or what was wrong. */
const inShort = (results: readonly JobResult[]): string[] =>
  results.map(({ status, error }) => error?.message ?? status);

describe('a job that needs another one', () => {
  const taking = { 'consumer.ko': consumer };

  it('is judged by what the modules of the other export, though no Module.symvers says so', async () => {
    const results = await run({
      exporter: { 'exporter.ko': exporting(exportsOfExporter()) },
      consumer: taking,
    });
    expect(inShort(results)).toEqual(['built', 'built']);
    const verdict = results[1]?.modules[0]?.artifact.verdicts.find((v) => v.check === 'symbols');
    expect(verdict).toMatchObject({ status: 'ok', detail: expect.stringContaining('CRCs equal') });
  });

  it('is judged by that again, when all comes from the cache', async () => {
    const again = engineFor({
      exporter: { 'exporter.ko': exporting(exportsOfExporter()) },
      consumer: taking,
    });
    await again();
    expect(inShort(await again())).toEqual(['cached', 'cached']);
  });

  it('may take of those that it needs through others', async () => {
    const results = await run({
      exporter: { 'exporter.ko': exporting(exportsOfExporter()) },
      between: { 'between.ko': exporting([], { name: 'between' }) },
      consumer: taking,
    });
    expect(inShort(results)).toEqual(['built', 'built', 'built']);
  });

  it('fails if the other exports them at other CRCs, whatever its Module.symvers says', async () => {
    const [, result] = await run({
      exporter: { 'exporter.ko': exporting(exportsOfExporter(1)), 'Module.symvers': symvers },
      consumer: taking,
    });
    expect(result?.error?.code).toBe('VERIFY_FAILED');
    for (const name of names) expect(result?.error?.message).toContain(`'${name}' has CRC`);
  });

  it.each(['exporter', 'consumer'])(
    'fails if no module exports them, though the Module.symvers of %s says so',
    async (forger) => {
      const projects: Record<string, Files> = {
        exporter: { 'exporter.ko': exporting([]) },
        consumer: { ...taking },
      };
      projects[forger]!['Module.symvers'] = symvers;
      const [, result] = await run(projects);
      expect(result).toMatchObject({ status: 'failed', modules: [] });
      for (const name of names) {
        expect(result?.error?.message).toContain(`'${name}' is exported by nothing that it is`);
      }
    },
  );

  it('is refused what a proprietary module exports, if it uses GPL-only symbols too', async () => {
    const license = 'Proprietary';
    const [, result] = await run({
      exporter: { 'exporter.ko': exporting(exportsOfExporter(), { license }) },
      consumer: taking,
    });
    expect(result?.error?.message).toContain('by exporter, which is proprietary');
  });
});

describe('modules of one job', () => {
  const both = (exporter: Buffer, more: Files = {}) =>
    run({ both: { 'consumer.ko': consumer, 'sub/exporter.ko': exporter, ...more } });

  it('may take of each other, in whatever order they come', async () => {
    expect(inShort(await both(exporting(exportsOfExporter())))).toEqual(['built']);
    const first = { 'a/exporter.ko': exporting(exportsOfExporter()), 'consumer.ko': consumer };
    expect(inShort(await run({ both: first }))).toEqual(['built']);
  });

  it('need no CRCs where the kernel has none', async () => {
    const kdir = { modversions: false };
    const exporter = exporting(exportsOfExporter(), { bare: true });
    const files = { 'consumer.ko': consumer, 'exporter.ko': exporter };
    expect(inShort(await run({ both: files }, { kdir }))).toEqual(['built']);
    expect(inShort(await run({ both: files }))).toEqual([
      expect.stringContaining('exporter.ko: symbols: the symbols that it exports have no CRCs'),
    ]);
  });

  it('are told that one is missing which the build made, and which is not published', async () => {
    const [result] = await run({ alone: { 'consumer.ko': consumer, 'Module.symvers': symvers } });
    expect(result).toMatchObject({ status: 'failed', modules: [] });
    for (const name of names) {
      expect(result?.error?.message).toContain(
        `'${name}' is exported by exporter, which is not part of what is published`,
      );
    }
  });

  it('are told nothing else that a Module.symvers says', async () => {
    const modules = ['vmlinux', 'Oh!\u001b[2J', 'x'.repeat(56), ''];
    for (const module of modules) {
      const forged = symversText(...exportsOfExporter().map((symbol) => ({ ...symbol, module })));
      const [result] = await run({ alone: { 'consumer.ko': consumer, 'Module.symvers': forged } });
      expect(result?.error?.message).toContain("'exporter_add' is exported by nothing");
    }
  });

  it('are judged without a Module.symvers that is larger than any', async () => {
    const forged = `${symvers}${'\n'.repeat(4 * 2 ** 20)}`;
    const [result] = await run({ alone: { 'consumer.ko': consumer, 'Module.symvers': forged } });
    expect(result?.error?.message).toContain("'exporter_add' is exported by nothing");
  });

  it('do not outdo the kernel’s image', async () => {
    const kernel = symversText(...names.map((name) => ({ name, crc: 1 })));
    const files = { 'consumer.ko': consumer, 'exporter.ko': exporting(exportsOfExporter()) };
    const [result] = await run({ both: files }, { kernel });
    expect(result?.error?.message).toContain('vmlinux exports 0x00000001');
    expect(result?.error?.message).toContain("'exporter_add' is exported by vmlinux too");
  });

  it('are not blamed for one that cannot be read', async () => {
    expect(inShort(await both(Buffer.from('text')))).toEqual([
      expect.stringMatching(/^exporter\.ko: .*ELF[^\n]*$/),
    ]);
  });
});
