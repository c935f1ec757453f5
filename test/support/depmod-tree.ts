import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DepmodModule } from '../../src/module/depmod/depmod-module.js';
import { modinfoSection, symbolSections, versionsSection, writeElf } from './elf-writer.js';
import { temporaryDirectory, writeTree } from './temporary-directory.js';

/** A module that is made up twice: as a file for depmod, and as what depmod should read of it. */
export interface MadeUpModule {
  path: string;
  exports?: Record<string, number>;
  /** With the CRC that the module expects. */
  imports?: Record<string, number>;
  weak?: string[];
  modinfo?: string[];
}

export const release = '6.1.0-test';

const shape = { class: 64, endian: 'little' } as const;

function moduleFile({ exports = {}, imports = {}, weak = [], modinfo = [] }: MadeUpModule) {
  const exported = Object.entries(exports);
  const crcs = exported.map(([, crc], index) => {
    const data = Buffer.alloc(4);
    data.writeUInt32LE(crc);
    return { name: `.crc${index}`, data };
  });
  const fixed = [...crcs, modinfoSection(...modinfo), versionsSection(shape, imports)];
  const symbols = symbolSections(shape, fixed.length + 1, [
    // A CRC is what stands at the symbol's place in its section.
    ...exported.map(([name], index) => ({ name: `__crc_${name}`, section: index + 1 })),
    ...Object.keys(imports).map((name) => ({ name })),
    ...weak.map((name) => ({ name, binding: 'weak' as const })),
  ]);
  return writeElf({ ...shape, sections: [...fixed, ...symbols] });
}

const compressors: Record<string, string> = { xz: 'xz', zst: 'zstd' };

function fileContent(module: MadeUpModule): Buffer {
  const program = compressors[module.path.split('.').at(-1)!];
  const input = moduleFile(module);
  return program === undefined ? input : execFileSync(program, ['-c'], { input });
}

/** What depmod should read of the modules. */
export function asDepmodModules(modules: readonly MadeUpModule[]): DepmodModule[] {
  const bytes = (name: string) => Buffer.from(name).toString('latin1');
  return modules.map(({ path, exports = {}, imports = {}, weak = [], modinfo = [] }) => {
    const tags: Record<string, string[]> = {};
    for (const entry of modinfo) {
      const [tag, ...value] = entry.split('=');
      (tags[tag!] ??= []).push(value.join('='));
    }
    return {
      path,
      modinfo: tags,
      exports: Object.entries(exports).map(([name, crc]) => ({ name: bytes(name), crc })),
      imports: [
        ...Object.entries(imports).map(([name, crc]) => ({ name: bytes(name), crc, weak: false })),
        ...weak.map((name) => ({ name, weak: true })),
      ],
    };
  });
}

export interface DepmodRun {
  /** The root of the file system in which the tree lies: what kmod's -d and -b take. */
  root: string;
  status: number | null;
  stdout: string;
  /** Its warnings and errors, without the directory of the tree. */
  messages: string[];
  /** A file of the tree after the run, if it is there. */
  file: (name: string) => Buffer | undefined;
}

/** Runs kmod's depmod on the modules; without a configuration of this machine's. */
export function runDepmod(
  modules: readonly MadeUpModule[],
  { files = {}, config = '', args = [] }: DepmodOptions = {},
): DepmodRun {
  const base = temporaryDirectory({ 'depmod.conf': config });
  const tree = join(base, 'lib/modules', release);
  for (const module of modules) writeTree(tree, { [module.path]: fileContent(module) });
  writeTree(tree, { 'kernel/README': 'no module', ...files });
  const run = spawnSync(
    'depmod',
    [
      '-b',
      base,
      '-C',
      join(base, 'depmod.conf'),
      ...args.map((a) => a.replace('TREE', tree)),
      release,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
  return {
    root: base,
    status: run.status,
    stdout: run.stdout,
    messages: run.stderr
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace('depmod: ', '').replaceAll(`${tree}/`, '')),
    file: (name) => (existsSync(join(tree, name)) ? readFileSync(join(tree, name)) : undefined),
  };
}

export interface DepmodOptions {
  files?: Record<string, string>;
  /** The text of a depmod.d file. */
  config?: string;
  /** More arguments; `TREE` in them is lib/modules/<release>. */
  args?: string[];
}
