import { posix } from 'node:path';
import type { ToolRecipe } from '../needed-tools.js';

/** How an entry of a KDIR comes into a layer, by its path in the KDIR. */
export interface LayerShape {
  /**
   * `copy` it with all that is below; `enter` it, for something below is copied; let its original
   * `pass` through the layer, read-only; or `omit` a directory that no build of modules reads.
   */
  treatment: (path: string) => 'copy' | 'enter' | 'pass' | 'omit';
  /** Directories that make writes to: a link that leads out of the KDIR would lead it astray. */
  written: ReadonlySet<string>;
  /** Directories whose programs are made anew: an old one would count as made. */
  remade: ReadonlySet<string>;
}

/** Of tools/, what host tools are made of. The rest is large (tools/testing, tools/perf). */
const partsOfTools = ['arch', 'bpf', 'build', 'include', 'lib', 'objtool', 'scripts'];

/**
 * The shape of the layer over a KDIR in which programs are made.
 * @param options.prepare the whole KDIR is prepared
 * @param options.config something is written to include/config
 */
export function layerShape(
  srcarch: string,
  programs: readonly ToolRecipe[],
  { prepare, config }: { prepare: boolean; config: boolean },
): LayerShape {
  const copied = ['scripts', ...partsOfTools.map((part) => `tools/${part}`)];
  // What modules_prepare writes to (Makefile and arch/*/Makefile: prepare, archprepare, vdso_prepare).
  if (prepare) copied.push('include', 'kernel', 'rust', 'usr', `arch/${srcarch}`);
  else if (config) copied.push('include/config');
  const passed = `arch/${srcarch}/boot`; // images and device trees: large, and nothing writes there
  const isBelow = (path: string, parent: string) => path.startsWith(`${parent}/`);
  const remade = new Set(
    programs.map((program) =>
      'directory' in program.make ? program.make.directory : posix.dirname(program.path),
    ),
  );
  remade.delete('scripts'); // of several programs: each goes by its name
  const written = new Set<string>();
  for (const path of [...copied, ...remade]) {
    for (let at = path; at !== '.'; at = posix.dirname(at)) written.add(at);
  }
  return {
    remade,
    written,
    treatment: (path) => {
      if (path === passed) return 'pass';
      if (copied.some((name) => path === name || isBelow(path, name))) return 'copy';
      if (copied.some((name) => isBelow(name, path))) return 'enter';
      return isBelow(path, 'tools') ? 'omit' : 'pass';
    },
  };
}
