import { basename } from 'node:path';
import type { DkmsJob, Job } from '../../plan/job.js';
import type { DkmsMeaning } from './record.js';

/**
 * What was in force for programs of a DKMS build that ask for the machine and its kernel, or that would
 * work for this machine: a sentence each.
 */
export function answersOf(
  { release, kdir, dependencies }: Job,
  { machine, directory, prefix, binutils, with: trees }: DkmsJob,
  {
    name,
    version,
    withoutDebugInformation,
  }: Pick<DkmsMeaning, 'name' | 'version' | 'withoutDebugInformation'>,
): string[] {
  const beside = [
    ...trees.map((tree) => tree.name),
    ...dependencies.map(({ project }) => basename(project.directory)),
  ];
  return [
    `uname says ${release}, ${machine}`,
    `/lib/modules/${release}/build is ${kdir.path}`,
    `/boot/config-${release} is its .config`,
    ...(prefix === ''
      ? []
      : [
          `CROSS_COMPILE is ${prefix}`,
          `gcc, cc, ld and as are ${prefix}gcc, ${prefix}ld and ${prefix}as for what is the kernel's`,
        ]),
    ...(binutils === ''
      ? []
      : [`strip, objcopy, objdump and nm are ${binutils}strip and so on for the modules`]),
    `/usr/src/${directory} is a copy of the source`,
    ...beside.map((tree) => `/usr/src/${tree} is a copy of what lies beside it`),
    ...(withoutDebugInformation ? ['KCFLAGS is -g0: STRIP removes debug information'] : []),
    `the build is in /var/lib/dkms/${name}/${version}/build, and believes to be root's`,
  ];
}
