import { execFileSync } from 'node:child_process';
import { temporaryDirectory, type FileTree } from './temporary-directory.js';

/** What GNU make runs and prints, by this machine's `make`; throws with its errors. */
export function make(directory: string, ...args: string[]): string {
  return execFileSync('make', ['-s', '-C', directory, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
}

/** What Kbuild would take from a generated file: make reads it, as Kbuild has make read it. */
export interface KbuildView {
  /** Modules, by the words of obj-m. */
  modules: string[];
  /** Objects of each module that is linked of several; absent for one of its own name. */
  objects: Record<string, string[]>;
  ccflags: string[];
  asflags: string[];
  /** CFLAGS_<object> or AFLAGS_<object>, as far as they are set. */
  flags: Record<string, string[]>;
}

const reader = `src := SRC
include $(KBUILD)
show = $(info $(1)=$($(1)))
$(foreach v,$(sort $(filter obj-m %-y CFLAGS_% AFLAGS_%,$(.VARIABLES))),$(call show,$(v)))
all: ;
`;

/** Has make read the text of a Kbuild file. */
export function readKbuild(text: string): KbuildView {
  const files: FileTree = { Kbuild: text, Makefile: reader };
  const directory = temporaryDirectory(files);
  const output = make(directory, `KBUILD=${directory}/Kbuild`, 'all');
  const variables = new Map(
    output
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const equals = line.indexOf('=');
        return [
          line.slice(0, equals),
          line
            .slice(equals + 1)
            .split(/\s+/)
            .filter(Boolean),
        ];
      }),
  );
  const take = (name: string) => {
    const value = variables.get(name) ?? [];
    variables.delete(name);
    return value;
  };
  const [modules, ccflags, asflags] = [take('obj-m'), take('ccflags-y'), take('asflags-y')];
  const rest = [...variables];
  const isFlags = ([name]: [string, string[]]) => /^[CA]FLAGS_/.test(name);
  return {
    modules,
    objects: Object.fromEntries(
      rest.filter((entry) => !isFlags(entry)).map(([name, v]) => [name.replace(/-y$/, ''), v]),
    ),
    ccflags,
    asflags,
    flags: Object.fromEntries(rest.filter(isFlags)),
  };
}
