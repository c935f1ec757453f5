import type { Verification } from '../artifact/verify-module.js';
import type { SymversEntry } from '../kernel/symvers.js';
import { nameOf, type LoadedKernel, type VerifiedKernel } from './loaded-kernel.js';
import type { FileSubject } from './read-subjects.js';

/** What is other in a second kernel for modules of the first. */
export interface KernelDifference {
  from: VerifiedKernel;
  to: VerifiedKernel;
  /** Symbols that both export, with other CRCs. */
  changed: string[];
  /** Symbols that the second does not export. */
  vanished: string[];
  /** For each module: the same lists, of what it uses, and whether the second kernel would load it. */
  modules: {
    path: string;
    loads: Verification['loads'];
    changed: string[];
    vanished: string[];
    /** Why it would not be loaded. */
    errors: string[];
  }[];
}

/** Compares kernels of one arch: which symbols changed, so which kernels one binary can serve. */
export function compareKernels(
  kernels: readonly LoadedKernel[],
  others: readonly LoadedKernel[],
  subjectsOf: (kernel: LoadedKernel) => readonly FileSubject[],
  judge: (subject: FileSubject, kernel: LoadedKernel) => Verification,
): KernelDifference[] {
  return kernels.flatMap((from) =>
    others
      .filter(({ kdir }) => kdir.arch === from.kdir.arch)
      .map((to) => ({
        from: nameOf(from),
        to: nameOf(to),
        ...differences(from.symvers.values(), to),
        modules: subjectsOf(from).map((subject) => {
          const used = subject.info.imports.flatMap(({ name }) => from.symvers.get(name) ?? []);
          const { loads, findings } = judge(subject, to);
          const errors = findings.filter(({ severity }) => severity === 'error');
          return {
            path: subject.path,
            loads,
            ...differences(used, to),
            errors: errors.map(({ message }) => message),
          };
        }),
      })),
  );
}

function differences(symbols: Iterable<SymversEntry>, { symvers }: LoadedKernel) {
  const [changed, vanished]: [string[], string[]] = [[], []];
  for (const { name, crc } of symbols) {
    const other = symvers.get(name);
    if (other === undefined) vanished.push(name);
    else if (other.crc !== crc) changed.push(name);
  }
  return { changed, vanished };
}
