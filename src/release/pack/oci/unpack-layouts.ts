import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { unpackArchive, type BuiltFile } from '../../../artifact/collect.js';
import type { ReleaseFile, UnpackedModule } from '../format.js';
import { digestOf } from './descriptor.js';
import {
  configDocument,
  indexDocument,
  manifestDocument,
  type LayoutDescriptor,
} from './documents.js';
import { LayoutReader } from './layout-reader.js';

/**
 * The modules of the images in OCI layouts, each image once, by whichever names it has.
 * @throws KbuildError PACKAGE_FAILED
 */
export async function unpackLayouts(files: readonly ReleaseFile[]): Promise<UnpackedModule[]> {
  const modules: UnpackedModule[] = [];
  for (const root of layoutRoots(files)) {
    const layout = new LayoutReader(root, files);
    const indexes = new Map(layout.refs().map(({ descriptor }) => [descriptor.digest, descriptor]));
    for (const index of indexes.values()) {
      for (const manifest of layout.document(index, indexDocument).manifests) {
        const { architecture } = manifest.platform;
        modules.push(...(await modulesOf(layout, manifest, architecture, root)));
      }
    }
    layout.checkAllUsed();
  }
  return modules;
}

/** The directories of layouts: `oci/ring` of `oci/ring/index.json`. */
export const layoutRoots = (files: readonly ReleaseFile[]): Set<string> =>
  new Set(files.map(({ path }) => path.split('/').slice(0, 2).join('/')));

async function modulesOf(
  layout: LayoutReader,
  descriptor: LayoutDescriptor,
  architecture: string,
  root: string,
): Promise<UnpackedModule[]> {
  const { config, layers } = layout.document(descriptor, manifestDocument);
  const { rootfs, ...platform } = layout.document(config, configDocument);
  if (platform.architecture !== architecture) {
    throw layout.failed(`an image for ${architecture} says it is for ${platform.architecture}`);
  }
  if (rootfs.diff_ids.length !== layers.length) {
    throw layout.failed(`${config.digest} has not one diff_id for each layer`);
  }
  const modules: UnpackedModule[] = [];
  for (const [i, layer] of layers.entries()) {
    const file = `${root}/${layout.pathOf(layer.digest)}`;
    for (const { path, bytes } of await filesOf(layout, layer, rootfs.diff_ids[i] ?? '')) {
      const [, release = '', rest] = /^opt\/lib\/modules\/([^/]+)\/(.*\.ko.*)$/.exec(path) ?? [];
      if (rest !== undefined) modules.push({ file, release, path: rest, bytes });
    }
  }
  return modules;
}

async function filesOf(
  layout: LayoutReader,
  layer: LayoutDescriptor,
  diffId: string,
): Promise<BuiltFile[]> {
  const bytes = layout.blob(layer);
  let archive: Buffer;
  try {
    archive = await promisify(gunzip)(bytes);
  } catch (error) {
    throw layout.failed(`${layer.digest}: ${(error as Error).message}`);
  }
  if (digestOf(archive) !== diffId) throw layout.failed(`${layer.digest} is not ${diffId}`);
  try {
    return await unpackArchive(archive);
  } catch (error) {
    throw layout.failed(`${layer.digest}: ${(error as Error).message}`);
  }
}
