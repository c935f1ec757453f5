import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { androidFormat } from '../../src/release/pack/android/android-format.js';
import type { PackTools, ReleaseFile } from '../../src/release/pack/format.js';
import type { PackedModule, ReleaseProject } from '../../src/release/pack/release-project.js';
import { debianImage } from '../support/debian-image.js';
import { noSettings, packedExamples } from '../support/packed-projects.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const directory = 'vendor_dlkm/lib/modules';

/** It needs no tool. */
const noTools = {} as PackTools;

/**
 * What Android's build makes of modules (build/soong, kernel/prebuilt_kernel_modules.go): kmod's depmod
 * on a tree that lies as on the device, then sed.
 */
function androidBuild(modules: readonly Pick<PackedModule, 'name' | 'plain'>[]) {
  const root = temporaryDirectory(
    Object.fromEntries(
      modules.map(({ name, plain }) => [`lib/modules/0.0/${directory}/${name}.ko`, plain]),
    ),
  );
  execFileSync('depmod', ['-b', root, '0.0'], { stdio: 'pipe' });
  const at = (name: string) => join(root, 'lib/modules/0.0', name);
  const slash = 's|\\([^: ]*lib/modules/[^: ]*\\)|/\\1|g';
  execFileSync('sed', ['-i', '-e', slash, at('modules.dep')]);
  return (name: string) => readFileSync(at(name), 'utf8');
}

const textsOf = (files: readonly ReleaseFile[], kernel: string) => (name: string) => {
  const path = `android/${kernel}/${directory}/${name}`;
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return Buffer.from(file.bytes).toString();
};

const depmodFiles = ['modules.dep', 'modules.alias', 'modules.softdep'];

describe('the tree of a vendor_dlkm partition', () => {
  let projects: ReleaseProject[];
  beforeAll(async () => {
    projects = await packedExamples();
  });

  it('has for each kernel what Android’s build makes of the same modules, byte for byte', async () => {
    const files = await androidFormat.pack(projects, noTools);
    for (const { release, arch } of projects[0]!.kernels) {
      const modules = projects
        .flatMap(({ kernels }) => kernels.filter((kernel) => kernel.release === release))
        .flatMap((kernel) => kernel.modules);
      const theirs = androidBuild(modules);
      const ours = textsOf(files, `${release}-${arch.name}`);
      for (const name of depmodFiles) expect(ours(name), name).toBe(theirs(name));
      expect(ours('modules.dep')).toContain(
        `/${directory}/consumer.ko: /${directory}/exporter.ko\n`,
      );
      expect(ours('modules.load')).toBe('exporter.ko\nconsumer.ko\n');
    }
  });

  it('has exactly these files', async () => {
    const { release } = projects[0]!.kernels[0]!;
    const files = await androidFormat.pack(
      projects.map((project) => ({
        ...project,
        kernels: project.kernels.slice(0, 1),
        settings: {
          autoload: [],
          options: project.project === 'consumer' ? { consumer: 'example=2' } : {},
          blacklist: ['old-driver'],
          softdep: { consumer: { pre: ['crc-ccitt'], post: ['loop'] } },
        },
      })),
      noTools,
    );
    const names = files.map(({ path }) => basename(path));
    expect(names).toEqual([
      ...['consumer.ko', 'exporter.ko', 'modules.alias', 'modules.blocklist', 'modules.dep'],
      ...['modules.load', 'modules.options', 'modules.softdep'],
    ]);
    const text = textsOf(files, `${release}-${projects[0]!.kernels[0]!.arch.name}`);
    expect(text('modules.blocklist')).toBe('blocklist old_driver\n');
    expect(text('modules.options')).toBe('options consumer example=2\n');
    expect(text('modules.softdep').split('\n')).toContain(
      'softdep consumer pre: crc_ccitt post: loop',
    );
  });

  it('is read back', async () => {
    const files = await androidFormat.pack(projects, noTools);
    const modules = await androidFormat.unpack(files, noTools);
    const built = projects.flatMap(({ kernels }) =>
      kernels.flatMap(({ release, modules: all }) =>
        all.map(({ name, plain }) => ({ release, path: `${name}.ko`, bytes: plain })),
      ),
    );
    expect(modules).toHaveLength(built.length);
    for (const { release, path, bytes } of modules) {
      const same = built.find((one) => one.release === release && one.path === path);
      expect(same?.bytes.equals(bytes)).toBe(true);
    }
  });

  it('is right for every module of Debian’s kernel too', async () => {
    const image = await debianImage('bookworm', 'arm64');
    const copy = temporaryDirectory();
    mkdirSync(join(copy, 'all'));
    cpSync(join(image.modules, 'kernel'), join(copy, 'all'), { recursive: true });
    const modules = readdirSync(join(copy, 'all'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ko'))
      .map((path) => {
        const plain = readFileSync(join(copy, 'all', path));
        return { name: basename(path, '.ko'), path, bytes: plain, plain };
      });
    expect(modules.length).toBeGreaterThan(3000);
    const [project] = projects as [ReleaseProject];
    const kernel = { ...project.kernels[0]!, release: image.release, modules };
    const whole = { ...project, settings: noSettings, kernels: [kernel] };
    const files = await androidFormat.pack([whole], noTools);
    const ours = textsOf(files, `${image.release}-${kernel.arch.name}`);
    const theirs = androidBuild(modules);
    for (const name of depmodFiles) expect(ours(name) === theirs(name), name).toBe(true);
    const loaded = ours('modules.load').trim().split('\n');
    expect(loaded).toHaveLength(modules.length);
    const place = new Map(loaded.map((file, i) => [file, i]));
    for (const line of theirs('modules.dep').trim().split('\n')) {
      const [user, ...needed] = line.split(/:? /).map((path) => basename(path).replace(/:$/, ''));
      for (const file of needed) expect(place.get(file)).toBeLessThan(place.get(user!)!);
    }
  });
});
