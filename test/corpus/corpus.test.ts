import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import { build, root } from '../support/cli.js';
import { moduleFacts, type ModuleFacts } from '../support/dkms-build.js';
import { dkmsContainer } from '../support/dkms-container.js';
import { corpusPackages, dkmsCorpus } from '../support/dkms-corpus.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const archs = ['arm64', 'x86_64'] as const;
const vermagic = {
  arm64: 'SMP mod_unload modversions aarch64',
  x86_64: 'SMP preempt mod_unload modversions',
};

const modulesOf = ({ artifacts }: JobRecord): string[] =>
  artifacts.map(({ path }) => basename(path, '.ko')).sort();

/** The result as a table of Markdown: a row for each package, a cell for each arch. */
function resultTable(manifest: Manifest): string {
  const cell = (job: JobRecord | undefined): string => {
    if (job === undefined) return '-';
    const ok = job.artifacts.every(({ verdicts }) =>
      verdicts.every(({ status }) => status === 'ok'),
    );
    const verdict = job.artifacts.length > 0 && ok ? 'verified' : 'not verified';
    return job.error === undefined ? `${job.status}, ${verdict}` : job.error.code;
  };
  const size = (job: JobRecord | undefined): string => {
    const bytes = job?.artifacts.reduce((sum, artifact) => sum + artifact.size, 0) ?? 0;
    return (bytes / 1024).toFixed(1);
  };
  const rows = corpusPackages.map(({ name, project, modules }) => {
    const jobs = archs.map((arch) =>
      manifest.jobs.find((job) => job.arch === arch && job.project === project),
    );
    const cells = [name, modules.join(', '), ...jobs.map(cell), jobs.map(size).join(' / ')];
    return `| ${cells.join(' | ')} |`;
  });
  const kernels = [...new Set(manifest.jobs.map(({ release }) => release))].sort().join(', ');
  return [
    `# Debian's DKMS packages\n\nFor ${kernels}.\n`,
    `| package | modules | ${archs.join(' | ')} | KiB (${archs.join(' / ')}) |`,
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

describe("twelve of Debian's DKMS packages, for arm64 and x86_64, in one build", () => {
  const env = { KBUILD_TS_CACHE_DIR: temporaryDirectory() };
  const output = temporaryDirectory();
  let args: string[];
  let manifest: Manifest;
  let exitCode: number | undefined;
  let facts: Map<string, ModuleFacts>;

  beforeAll(async () => {
    const debs = [...(await dkmsCorpus()).values()];
    args = [...debs, '--kernel', 'debian:bookworm', '--arch', archs.join(','), '--out', output];
    ({ document: manifest, exitCode } = await build(args, { env }));
    const table = resultTable(manifest);
    mkdirSync(join(root, 'test-results'), { recursive: true });
    writeFileSync(join(root, 'test-results/corpus.md'), table);
    console.log(table);
    facts = await moduleFacts(output, await dkmsContainer('bookworm'));
  });

  it('builds all of them, with every module that a dkms.conf names', () => {
    expect(manifest.jobs.map(({ id, status, error }) => ({ id, status, error }))).toEqual(
      manifest.jobs.map(({ id }) => ({ id, status: 'built', error: undefined })),
    );
    expect(exitCode).toBe(0);
    const wanted = corpusPackages.flatMap(({ project, modules }) =>
      archs.map((arch) => `${project} ${arch}: ${[...modules].sort().join(' ')}`),
    );
    const built = manifest.jobs.map(
      (job) => `${job.project} ${job.arch}: ${modulesOf(job).join(' ')}`,
    );
    expect(built.sort()).toEqual(wanted.sort());
  });

  it('verified every module', () => {
    for (const { id, artifacts } of manifest.jobs) {
      for (const { path, verdicts } of artifacts) {
        const open = verdicts.filter(({ status }) => status !== 'ok');
        expect(open, `${id} ${path}`).toEqual([]);
        expect(
          verdicts.map(({ check }) => check),
          path,
        ).toEqual(expect.arrayContaining(['machine', 'vermagic', 'symbols']));
      }
    }
  });

  it('gives each the vermagic of its kernel, as kmod reads it', () => {
    for (const { release, arch, artifacts } of manifest.jobs) {
      for (const { path } of artifacts) {
        const words = `${release} ${vermagic[arch as (typeof archs)[number]]}`;
        expect(facts.get(path)?.vermagic.trim(), path).toBe(words);
      }
    }
  });

  it('strips each of what debuggers read, and of nothing that the kernel reads', () => {
    for (const { path } of manifest.jobs.flatMap(({ artifacts }) => artifacts)) {
      const { sections, undefined: symbols } = facts.get(path)!;
      expect(
        sections.filter((name) => name.includes('.debug')),
        path,
      ).toEqual([]);
      expect(sections, path).toEqual(
        expect.arrayContaining(['.modinfo', '.symtab', '.gnu.linkonce.this_module', '__versions']),
      );
      expect(symbols.length, path).toBeGreaterThan(0);
    }
  });

  it('takes all of it from the cache when nothing has changed', async () => {
    const again = await build(args, { env });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.document.jobs.map(({ id, status }) => ({ id, status }))).toEqual(
      manifest.jobs.map(({ id }) => ({ id, status: 'cached' })),
    );
    const hashes = ({ jobs }: Manifest) =>
      jobs.flatMap(({ artifacts }) => artifacts.map(({ path, sha256 }) => `${path} ${sha256}`));
    expect(hashes(again.document)).toEqual(hashes(manifest));
  });
});
