import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inFile, ModuleFiles } from '../artifact/module-file.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { dependencyGraph, type DependencyGraph } from '../module/depmod/dependency-graph.js';
import type { DepmodModule } from '../module/depmod/depmod-module.js';
import { isModuleFile } from '../module/depmod/module-path.js';
import { readDepmodModule } from '../module/depmod/read-depmod-module.js';
import { readElf, type Elf } from '../module/elf.js';
import { directoryEntries, modulePaths } from './module-paths.js';

/** A tree of modules, read: the content of lib/modules/<release>, or any modules. */
export interface ModuleTree {
  graph: DependencyGraph;
  /** What its modules are for, as the first of them says. */
  elf: Pick<Elf, 'machine' | 'class'> | undefined;
  /** The directory that the paths of modules start from; empty for single files. */
  root: string;
  /** What the kernel's build left of built-in modules, where the root has it. */
  builtin: { builtin?: string; modinfo?: Uint8Array };
}

/**
 * Reads the modules of one tree (`lib/modules/<release>`, what holds it, or any directory), or
 * single files.
 * @throws KbuildError MODULE_*, each naming the file
 */
export async function readModuleTree(inputs: readonly string[]): Promise<ModuleTree> {
  const [first = ''] = inputs;
  const directory = statSync(first, { throwIfNoEntry: false })?.isDirectory() === true;
  if (inputs.length !== 1 || !directory) {
    const { modules, elf } = await readModules('', await modulePaths(inputs));
    return { graph: dependencyGraph({ modules }), elf, root: '', builtin: {} };
  }
  const root = releaseDirectory(first);
  const paths = modulesOf(root, '');
  if (paths.length === 0) {
    throw new KbuildError(
      'MODULE_NONE',
      `there is no kernel module below ${root}`,
      'Give lib/modules/<release>, or a directory with *.ko, *.ko.gz, *.ko.xz or *.ko.zst files.',
    );
  }
  const { modules, elf } = await readModules(root, paths);
  const order = readIfThere(join(root, 'modules.order'))?.toString('utf8');
  const builtin = readIfThere(join(root, 'modules.builtin'))?.toString('utf8');
  const modinfo = readIfThere(join(root, 'modules.builtin.modinfo'));
  return {
    graph: dependencyGraph({ modules, ...(order !== undefined && { order }) }),
    elf,
    root,
    builtin: {
      ...(builtin !== undefined && { builtin }),
      ...(modinfo !== undefined && { modinfo }),
    },
  };
}

/** Of a root file system with the modules of one kernel, that kernel's directory. */
function releaseDirectory(directory: string): string {
  const modules = join(directory, 'lib/modules');
  const [release, ...others] = existsSync(modules) ? readdirSync(modules).sort() : [];
  if (release === undefined) return directory;
  if (others.length === 0) return join(modules, release);
  throw new KbuildError(
    'USAGE',
    `${directory} holds the modules of several kernels: ${[release, ...others].join(', ')}`,
    `Name one: ${join(modules, release)}.`,
  );
}

/** Links of a headers package; depmod does not follow them. */
const skipped = ['build', 'source'];

/** The paths of all modules, relative to the root, in the order in which depmod finds them. */
function modulesOf(root: string, below: string): string[] {
  const paths: string[] = [];
  for (const entry of directoryEntries(join(root, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && !skipped.includes(entry.name)) paths.push(...modulesOf(root, path));
    else if (isModuleFile(entry.name)) paths.push(path);
  }
  return paths;
}

async function readModules(
  root: string,
  paths: readonly string[],
): Promise<{ modules: DepmodModule[]; elf: ModuleTree['elf'] }> {
  const files = new ModuleFiles();
  const modules: DepmodModule[] = [];
  let elf: ModuleTree['elf'];
  for (const path of paths) {
    const full = join(root, path);
    try {
      const { source } = await files.open(full);
      elf ??= readElf(source);
      modules.push(readDepmodModule(path, source));
    } catch (error) {
      throw inFile(full, error);
    } finally {
      files.close();
    }
  }
  return { modules, elf: elf && { machine: elf.machine, class: elf.class } };
}

function readIfThere(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}
