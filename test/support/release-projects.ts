import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archByName } from '../../src/arch/arch.js';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import type { KernelPackages } from '../../src/kernel/kernel-packages.js';
import type { KernelModules, ReleaseProject } from '../../src/release/pack/release-project.js';

/**
 * What packages are made of, of the modules that a run has built of a project, as they are.
 * @param packagesOf the packages of the kernel of a release
 */
export function releaseProject(
  manifest: Manifest,
  project: string,
  packagesOf: (release: string) => KernelPackages | undefined,
  more: Partial<ReleaseProject> & { directory?: string } = {},
): ReleaseProject {
  const { directory = 'updates', ...fields } = more;
  const kernels = manifest.jobs
    .filter((job) => job.project === project)
    .map(({ id, release, arch, artifacts }): KernelModules => {
      const { name, debian, rpm, oci } = archByName(arch);
      const { packages = [], meta, suite } = packagesOf(release) ?? {};
      const modules = artifacts.map(({ path }) => {
        const bytes = readFileSync(join(manifest.output, path));
        const file = basename(path);
        return {
          name: basename(file, '.ko'),
          path: `${directory}/${file}`,
          bytes,
          plain: bytes,
        };
      });
      return {
        ...{ job: id, release, arch: { name, debian, rpm, oci }, modules },
        kernelPackages: packages,
        ...(meta !== undefined && { kernelMeta: meta }),
        ...(suite !== undefined && { kernelSuite: suite }),
      };
    });
  return {
    ...{ project, name: project, version: '1.0.0', about: {}, initramfs: false, depends: [] },
    settings: { autoload: [], options: {}, blacklist: [], softdep: {} },
    kernels,
    ...fields,
  };
}
