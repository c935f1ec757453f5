import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactsOf, build, examples } from '../support/cli.js';
import { asKmodInfo, kmodInfo } from '../support/kmod.js';
import { moduleSource } from '../support/project.js';
import { sourceKernel } from '../support/source-kernel.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe.each(['arm64', 'x86_64'] as const)(
  'a kernel that was built from source with LLVM=1, for %s',
  (arch) => {
    let kdir: string;

    beforeAll(async () => {
      kdir = await sourceKernel(arch);
    });

    it('gets all examples by Clang, as kmod sees them', async () => {
      const out = temporaryDirectory();
      const { exitCode, document, stderr } = await build([
        ...[examples, '--kdir', kdir, '--no-cache', '--out', out],
      ]);
      expect(exitCode, stderr).toBe(0);
      expect(document.jobs.map((job) => [job.arch, job.toolchain, job.status])).toEqual(
        document.jobs.map(() => [arch, 'clang-14', 'built']),
      );
      expect(artifactsOf(document)).toHaveLength(5);
      const release = /UTS_RELEASE "(.*)"/.exec(
        readFileSync(join(kdir, 'include/generated/utsrelease.h'), 'utf8'),
      )![1]!;
      for (const { path, modinfo, verdicts } of artifactsOf(document)) {
        const kmod = await kmodInfo(join(out, path));
        expect(asKmodInfo(modinfo), path).toEqual(kmod);
        expect(kmod.tags.vermagic![0]!.split(' ')[0]).toBe(release);
        expect(verdicts.find(({ check }) => check === 'symbols')).toEqual({
          check: 'symbols',
          status: 'ok',
          detail: expect.stringContaining('CRCs equal'),
        });
      }
      const log = await readFile(join(out, document.jobs[0]!.log!), 'utf8');
      expect(log).not.toContain('gcc');
    });

    it('can be built for by another Clang, where it is asked for', async () => {
      // The kernel's configuration names an option that only Clang before 18 knows; as for every
      // newer compiler, the make line says otherwise.
      const project = temporaryDirectory({
        'kbuild.config.yaml':
          'name: newer\nmake: { CONFIG_CC_HAS_AUTO_VAR_INIT_ZERO_ENABLER: "" }\n',
        Kbuild: 'obj-m := newer.o\n',
        'newer.c': moduleSource(),
      });
      const hello = [project, '--kdir', kdir, '--toolchain', 'clang-19'];
      const out = temporaryDirectory();
      const { exitCode, document, stderr } = await build([...hello, '--no-cache', '--out', out]);
      expect(exitCode, stderr).toBe(0);
      const [artifact] = artifactsOf(document);
      const { stdout } = await execa('readelf', ['-p', '.comment', join(out, artifact!.path)]);
      expect(stdout).toContain('clang version 19');
    });

    it('is refused to GCC before anything is compiled, naming the toolchain that fits', async () => {
      const args = [join(examples, 'hello'), '--kdir', kdir, '--toolchain', 'gcc-12'];
      const { exitCode, document } = await build(args);
      expect(document.error).toMatchObject({
        code: 'TOOLCHAIN_MISMATCH',
        message: expect.stringMatching(/gcc-12 cannot build .* clang version 14/),
        hint: expect.stringContaining('--toolchain clang-14'),
      });
      expect(exitCode).toBe(2);
    });
  },
);
