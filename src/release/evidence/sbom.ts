import { readModule } from '../../module/read-module.js';
import type { ReleaseRecord } from '../../artifact/release-schema.js';
import type { UnpackedModule } from '../pack/format.js';
import type { KernelModules, PackedModule, ReleaseProject } from '../pack/release-project.js';
import { contentUuid, sha256 } from './content-id.js';
import { SbomParts, type Component } from './sbom-parts.js';
import { sortedBy } from './sorted.js';

export interface SbomInput {
  record: ReleaseRecord;
  projects: readonly ReleaseProject[];
  /** What was read back out of packages: which of them holds which module. */
  unpacked: readonly UnpackedModule[];
}

/**
 * A software bill of materials of a release: CycloneDX 1.6, JSON. Its components are the files of the
 * release, the modules in them, the kernels that they are for, and the images that compiled them.
 * A module depends on its kernel and on those modules of the release that it needs.
 */
export async function sbom({ record, projects, unpacked }: SbomInput): Promise<string> {
  const cyclonedx = await import('@cyclonedx/cyclonedx-library');
  const parts = new SbomParts(cyclonedx, record);
  const modules = sortedBy(projects, ({ project }) => project).flatMap((project) =>
    sortedBy(project.kernels, ({ job }) => job).flatMap((kernel) =>
      kernel.modules.map((module) => modulePart(parts, record, project, kernel, module)),
    ),
  );
  const byName = grouped(modules, ({ place, name }) => `${place}/${name}`);
  for (const { component, needs, place } of modules) {
    for (const name of needs) depend(component, byName.get(`${place}/${name}`));
  }
  const byDigest = new Map(
    modules.flatMap((module) =>
      module.digests.map((digest) => [`${module.release}/${digest}`, module]),
    ),
  );
  const inOrder = sortedBy(unpacked, ({ path }) => path);
  const unpackedFrom = grouped(inOrder, ({ file }) => file);
  const whole = parts.release(projects);
  const files = record.files.map((file) => {
    const component = parts.file(file);
    whole.dependencies.add(component.bomRef);
    for (const { release, bytes } of unpackedFrom.get(file.path) ?? []) {
      const held = byDigest.get(`${release}/${sha256(bytes)}`);
      if (held !== undefined) depend(component, [held]);
    }
    return component;
  });
  const components = [
    ...files,
    ...modules.map(({ component }) => component),
    ...parts.kernels.values(),
    ...parts.images.values(),
  ];
  return parts.write(whole, components, contentUuid(JSON.stringify(record)));
}

/** A module of the release, and what is asked of it. */
interface ModulePart {
  component: Component;
  /** As modules name each other: with `_` for `-`. */
  name: string;
  release: string;
  /** Tells kernels of one release from each other, too. */
  place: string;
  /** Names of the modules that it needs. */
  needs: string[];
  /** SHA-256 as it is installed, and before it was compressed. */
  digests: string[];
}

function modulePart(
  parts: SbomParts,
  { jobs }: ReleaseRecord,
  project: ReleaseProject,
  { job: id, release, arch }: KernelModules,
  module: PackedModule,
): ModulePart {
  const job = jobs.find((one) => one.id === id);
  const { modinfo } = readModule(module.plain);
  const component = parts.module({ project, job, release, module, modinfo });
  if (job !== undefined) {
    component.dependencies.add(parts.kernel(job).bomRef);
    parts.image(job);
  }
  const needs = (modinfo.depends ?? []).flatMap((names) => names.split(','));
  return {
    component,
    name: underscored(module.name),
    release,
    place: `${release}/${arch.name}`,
    needs: needs.map(underscored),
    digests: [...new Set([sha256(module.bytes), sha256(module.plain)])],
  };
}

const underscored = (name: string): string => name.replaceAll('-', '_');

function depend(component: Component, on: readonly ModulePart[] = []): void {
  for (const other of on) component.dependencies.add(other.component.bomRef);
}

function grouped<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
