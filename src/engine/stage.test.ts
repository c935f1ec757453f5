import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectAt, projectOf } from '../../test/support/job-values.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { containerLayout, hostLayout } from '../plan/layout.js';
import type { Job } from '../plan/job.js';
import { planJobs } from '../plan/plan-jobs.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { Stage } from './stage.js';

/** A job that needs another one. */
function dependentJobs(): Job[] {
  const parent = temporaryDirectory({ 'base/base.h': 'base', 'top/top.c': 'top' });
  const base = projectAt(join(parent, 'base'), { name: 'base' });
  const top = projectAt(join(parent, 'top'), { name: 'top', depends: [base.directory] });
  const targets = [{ kdir: kdirOf('arm64'), toolchain: toolchainByName('gcc-12') }];
  return planJobs(
    [
      { project: base, targets },
      { project: top, targets },
    ],
    'x86_64',
  );
}

describe('the inputs of a job in a container', () => {
  it('are the KDIR, copies of the sources and the symbols that it needs, where it expects them', async () => {
    const [base, top] = dependentJobs();
    const scratch = temporaryDirectory();
    const inputs = await new Stage(scratch).prepare(
      top!,
      new Map([[base!.id, '/cache/base']]),
      'docker',
    );
    expect(inputs).toMatchObject({ layout: containerLayout, asPlanned: true });
    const targets = inputs.mounts.map(({ target }) => target);
    expect(targets).toEqual([
      '/usr/src/linux-headers-6.1.0-56-arm64',
      '/src/top',
      '/src/base',
      `/symvers/${base!.id}`,
    ]);
    const [kdir, topSource, baseSource, symvers] = inputs.mounts.map(({ source }) => source);
    expect(kdir).toBe('/cache/kernels/usr/src/linux-headers-6.1.0-56-arm64');
    expect(readFileSync(join(topSource!, 'top.c'), 'utf8')).toBe('top');
    expect(readFileSync(join(baseSource!, 'base.h'), 'utf8')).toBe('base');
    for (const source of [topSource, baseSource]) expect(source).toMatch(`${scratch}/`);
    expect(symvers).toBe('/cache/base');
  });

  it('are never writable', async () => {
    const { mounts } = await new Stage(temporaryDirectory()).prepare(jobOf(), new Map(), 'docker');
    expect(mounts.filter(({ writable }) => writable)).toEqual([]);
  });

  it('are copied once for all jobs of a project', async () => {
    const project = projectOf();
    const targets = (['arm64', 'x86_64'] as const).map((arch) => ({
      kdir: kdirOf(arch),
      toolchain: toolchainByName('gcc-12'),
    }));
    const jobs = planJobs([{ project, targets }], 'x86_64');
    const scratch = temporaryDirectory();
    const stage = new Stage(scratch);
    const all = await Promise.all(jobs.map((job) => stage.prepare(job, new Map(), 'docker')));
    const sources = all.map(({ mounts }) => mounts.at(-1)?.source);
    expect(sources[0]).toBeDefined();
    expect(sources[0]).toBe(sources[1]);
    expect(readdirSync(join(scratch, 'sources'))).toHaveLength(1);
  });

  it('are copies: what the user writes meanwhile does not reach the build', async () => {
    const project = projectOf();
    const { mounts } = await new Stage(temporaryDirectory()).prepare(
      jobOf(project),
      new Map(),
      'docker',
    );
    writeFileSync(join(project.directory, 'hello.c'), 'changed');
    expect(readFileSync(join(mounts.at(-1)!.source, 'hello.c'), 'utf8')).toBe('/* hello */\n');
  });

  it('are not as planned if the project has changed since', async () => {
    const project = projectOf();
    const job = jobOf(project);
    writeFileSync(join(project.directory, 'hello.c'), 'changed');
    const inputs = await new Stage(temporaryDirectory()).prepare(job, new Map(), 'docker');
    expect(inputs.asPlanned).toBe(false);
    expect(readFileSync(join(inputs.mounts.at(-1)!.source, 'hello.c'), 'utf8')).toBe('changed');
  });

  it('are not as planned if a project that it depends on has changed since', async () => {
    const [base, top] = dependentJobs();
    writeFileSync(join(base!.source.project.directory, 'base.h'), 'changed');
    const stage = new Stage(temporaryDirectory());
    expect((await stage.prepare(top!, new Map(), 'docker')).asPlanned).toBe(false);
  });
});

describe('the inputs of a job on the host', () => {
  it('lie in a directory of the job, with nothing to mount', async () => {
    const [base, top] = dependentJobs();
    const scratch = temporaryDirectory();
    const needed = temporaryDirectory({ 'Module.symvers': 'symbols', 'modules/base.ko': '' });
    const { layout, mounts, asPlanned } = await new Stage(scratch).prepare(
      top!,
      new Map([[base!.id, needed]]),
      'host',
    );
    expect(layout).toEqual(hostLayout(join(scratch, 'host', top!.id)));
    expect([mounts, asPlanned]).toEqual([[], true]);
    expect(readFileSync(join(layout.sources, 'top/top.c'), 'utf8')).toBe('top');
    expect(readFileSync(join(layout.sources, 'base/base.h'), 'utf8')).toBe('base');
    const symvers = join(layout.symvers, base!.id);
    expect(readdirSync(symvers)).toEqual(['Module.symvers']);
    expect(readFileSync(join(symvers, 'Module.symvers'), 'utf8')).toBe('symbols');
    expect(readdirSync(layout.build)).toEqual([]);
  });

  it('keep programs executable, and links links', async () => {
    const files = {
      'gen.sh': { program: '#!/bin/sh\n' },
      'a.c': '',
      'b.c': { link: 'a.c' },
    };
    const { layout } = await new Stage(temporaryDirectory()).prepare(
      jobOf(projectOf(files)),
      new Map(),
      'host',
    );
    const sources = join(layout.sources, 'hello');
    expect(statSync(join(sources, 'gen.sh')).mode & 0o111).toBe(0o111);
    expect(statSync(join(sources, 'a.c')).mode & 0o111).toBe(0);
    expect(readlinkSync(join(sources, 'b.c'))).toBe('a.c');
  });
});
