import type { PackageFile } from '../pack/recipe.js';
import type { BinaryModules } from './binary-modules.js';
import type { TreeEntry } from '../pack/tree-entry.js';
import { treeName, type SourcePackage } from './source-package.js';
import { tarball } from '../pack/tarball.js';

const below = (directory: string, entries: readonly TreeEntry[]): TreeEntry[] =>
  entries.map((entry) => ({ ...entry, path: `${directory}/${entry.path}` }));

/** The tarball of the sources, as `dkms mktarball --source-only` lays it out for `ldtarball`. */
export async function sourceTarball(sources: SourcePackage, epoch: number): Promise<PackageFile> {
  const entries = below('dkms_source_tree', sources.entries);
  return {
    name: `${treeName(sources)}-source-only.dkms.tar.gz`,
    bytes: await tarball(entries, epoch, ['dkms_main_tree']),
  };
}

/**
 * The tarball of modules that are built already, for one kernel: dkms installs them without compiling.
 * @param binariesOnly leave out the sources: then they are for this kernel and no other
 */
export async function binaryTarball(
  sources: SourcePackage,
  built: BinaryModules,
  binariesOnly: boolean,
  epoch: number,
): Promise<PackageFile> {
  const { name, version, entries } = sources;
  const { release, machine, modules, log } = built;
  const place = `dkms_main_tree/${release}/${machine}`;
  const file = (path: string, content: Uint8Array | string) => ({
    path,
    content,
    executable: false,
  });
  const main = [
    file(`${place}/log/make.log`, log),
    ...modules.map((module) => file(`${place}/module/${module.name}.ko`, module.bytes)),
  ];
  const conf = entries.filter(({ path }) => path === 'dkms.conf');
  const rest = binariesOnly
    ? [
        file('dkms_binaries_only/PACKAGE_NAME', `${name}\n`),
        file('dkms_binaries_only/PACKAGE_VERSION', `${version}\n`),
        ...below('dkms_binaries_only', conf),
      ]
    : below('dkms_source_tree', entries);
  return {
    name: `${treeName(sources)}-kernel${release}-${machine}.dkms.tar.gz`,
    bytes: await tarball([...rest, ...main], epoch),
  };
}
