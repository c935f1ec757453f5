import { basename } from 'node:path';
import type { Arch } from '../arch/arch.js';
import type { DkmsSettings, Project, SourceTree } from '../project/project.js';
import { projectDigest } from '../project/snapshot.js';
import type { Toolchain } from '../toolchain/toolchain.js';
import { makeVariables } from '../toolchain/toolchain.js';
import type { MakeOptions } from './make-line.js';
import type { DkmsJob, PlacedTree } from './job.js';

/**
 * What a job needs to build a DKMS source for an arch.
 * @param machine the architecture of the machine that builds
 */
export function dkmsJob(
  project: Project,
  settings: DkmsSettings,
  arch: Arch,
  machine: Arch,
  toolchain: Toolchain,
  { warnings, check }: MakeOptions,
): DkmsJob {
  const { CROSS_COMPILE } = makeVariables(toolchain, arch);
  // As on a machine of the kernel's own: only for another one the tools have a prefix.
  const prefix = arch.name === machine.name ? '' : (CROSS_COMPILE ?? '');
  return {
    directory: basename(project.directory),
    machine: arch.machine,
    debian: arch.debian,
    prefix,
    binutils: toolchain.family === 'clang' ? 'llvm-' : prefix,
    variables: {
      ...project.make,
      ...(warnings !== undefined && { W: warnings }),
      ...(check !== undefined && { C: check }),
    },
    directives: settings.directives,
    ...(settings.overlay !== undefined && { overlay: placedTree(settings.overlay, 'overlay') }),
    with: settings.with.map((tree, i) => placedTree(tree, `with-${i}`, tree.name)),
  };
}

/** Names with a dot at their begin: no project is placed at one. */
function placedTree(tree: SourceTree, place: string, name = place): PlacedTree {
  return { tree, placement: `.${place}`, name, digest: projectDigest(tree) };
}
