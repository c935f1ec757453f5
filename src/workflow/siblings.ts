import { isGplCompatible } from '../artifact/checks/license.js';
import { exportsOf, type Symvers } from '../kernel/symvers.js';
import type { FileSubject } from './read-subjects.js';

/** Modules that were built for one kernel may use each other's symbols. */
export function siblingsByKernel(
  subjects: readonly FileSubject[],
): (subject: FileSubject) => Symvers {
  const kernelOf = ({ info }: FileSubject) =>
    `${info.elf.machine} ${info.modinfo.vermagic?.[0] ?? ''}`;
  const groups = new Map<string, Symvers>();
  for (const key of new Set(subjects.map(kernelOf))) {
    const group = subjects.filter((subject) => kernelOf(subject) === key);
    const exporters = group.map(({ name, info }) => ({
      name,
      exports: info.exports,
      proprietary: !isGplCompatible(info.modinfo),
    }));
    groups.set(key, exportsOf(exporters));
  }
  return (subject) => groups.get(kernelOf(subject)) ?? new Map();
}
