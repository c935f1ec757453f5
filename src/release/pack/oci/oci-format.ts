import { KbuildError } from '../../../errors/kbuild-error.js';
import type { ModuleFormat, PackTools, ReleaseFile } from '../format.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { annotationsOf } from './annotations.js';
import {
  addBlob,
  jsonBytes,
  mediaTypes,
  refName,
  type Blobs,
  type Descriptor,
} from './descriptor.js';
import { addImage, createdAt, layerOf, type Layer } from './image.js';
import { moduleFiles, programFiles } from './image-files.js';
import { imageName, releaseTag, versionTag } from './names.js';
import { unpackLayouts } from './unpack-layouts.js';

/**
 * An OCI layout for each project, `oci/<name>/`. The Kernel Module Management operator finds an image
 * by the kernel that a node runs (`containerImage: …:${KERNEL_FULL_VERSION}`), and the node takes of
 * it what is for its architecture: so each kernel release is a tag, and each tag an index of the
 * architectures that have this release. A second tag has the version too, and does not move when the
 * next one is pushed.
 */
export const ociFormat: ModuleFormat = {
  checkName: (name) => void imageName(name),
  pack: async (projects, tools) => {
    refuseSameNames(projects);
    const files: ReleaseFile[] = [];
    const making = { projects, epoch: tools.epoch, programs: programLayers(tools) };
    for (const project of projects) {
      if (project.kernels.length > 0) files.push(...(await layoutOf(project, making)));
    }
    return files;
  },
  unpack: (files) => unpackLayouts(files),
};

/** What all images of a release are made with. */
interface Making {
  projects: readonly ReleaseProject[];
  epoch: number;
  /** The layer of an arch, by the arch's name. */
  programs: (arch: string) => Promise<Layer>;
}

/** Makes the layer of each arch once. */
function programLayers({ busybox, epoch }: PackTools): Making['programs'] {
  const layers = new Map<string, Promise<Layer>>();
  return (arch) => {
    const made =
      layers.get(arch) ?? busybox(arch).then((program) => layerOf(programFiles(program), epoch));
    layers.set(arch, made);
    return made;
  };
}

async function layoutOf(project: ReleaseProject, making: Making): Promise<ReleaseFile[]> {
  const blobs: Blobs = new Map();
  const indexes = new Map<string, Descriptor>();
  for (const [release, kernels] of byRelease(project.kernels)) {
    indexes.set(release, await addIndex(project, release, kernels, making, blobs));
  }
  // The tags that move come last, so that they are pushed last.
  const { version } = project;
  const manifests = [
    ...[...indexes].map(([release, index]) => named(index, versionTag(version, release))),
    ...[...indexes].map(([release, index]) => named(index, releaseTag(release))),
  ];
  refuseSameTags(project, manifests);
  const root = `oci/${imageName(project.name)}`;
  return [
    { path: `${root}/oci-layout`, bytes: jsonBytes({ imageLayoutVersion: '1.0.0' }) },
    {
      path: `${root}/index.json`,
      bytes: jsonBytes({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }),
    },
    ...[...blobs]
      .map(([digest, bytes]) => ({ path: `${root}/blobs/${digest.replace(':', '/')}`, bytes }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  ];
}

/** The image of a kernel release: one for each architecture that has it. */
async function addIndex(
  project: ReleaseProject,
  release: string,
  kernels: readonly KernelModules[],
  { projects, epoch, programs }: Making,
  blobs: Blobs,
): Promise<Descriptor> {
  const annotations = annotationsOf(project, release, createdAt(epoch));
  const manifests: Descriptor[] = [];
  for (const kernel of kernels) {
    const { oci: architecture } = kernel.arch;
    if (manifests.some(({ platform }) => platform?.architecture === architecture)) {
      throw samePlatform(project, kernel);
    }
    const modules = await layerOf(moduleFiles(project, kernel, projects), epoch);
    const layers = [await programs(kernel.arch.name), modules];
    manifests.push(addImage({ architecture, layers, annotations, epoch }, blobs));
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests, annotations };
  return addBlob(blobs, mediaTypes.index, jsonBytes(index));
}

/** Sorted by release, and in each by architecture. */
function byRelease(kernels: readonly KernelModules[]): [string, KernelModules[]][] {
  const groups = new Map<string, KernelModules[]>();
  for (const kernel of kernels) {
    groups.set(kernel.release, [...(groups.get(kernel.release) ?? []), kernel]);
  }
  for (const group of groups.values()) group.sort((a, b) => (a.arch.oci < b.arch.oci ? -1 : 1));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

const named = (index: Descriptor, tag: string): Descriptor => ({
  ...index,
  annotations: { [refName]: tag },
});

function refuseSameNames(projects: readonly ReleaseProject[]): void {
  const names = projects.map(({ name }) => imageName(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new KbuildError(
    'PACKAGE_NAME',
    `two projects would be images of one name: ${twice}`,
    "Give one another name with 'package.name' in its configuration.",
  );
}

function refuseSameTags({ name }: ReleaseProject, manifests: readonly Descriptor[]): void {
  const tags = manifests.map(({ annotations = {} }) => annotations[refName]);
  const twice = tags.find((tag, i) => tags.indexOf(tag) !== i);
  if (twice === undefined) return;
  throw new KbuildError(
    'PACKAGE_NAME',
    `two kernels of ${name} would have the image ${imageName(name)}:${twice}`,
    'A tag has only letters, digits and _ . - in it: package one of these kernels at a time.',
  );
}

const samePlatform = ({ name }: ReleaseProject, { release, arch }: KernelModules): KbuildError =>
  new KbuildError(
    'PACKAGE_MODULES',
    `${name} was built twice for ${release} (${arch.name}), and an image holds one build`,
    'Package what one toolchain built: --toolchain.',
  );
