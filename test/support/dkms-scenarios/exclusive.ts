import { moduleSource } from '../project.js';
import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

const excluded = (rule: string, says: RegExp, more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}${rule}\n`,
  verdict: 'excluded',
  says: [says],
  ...more,
});
const kept = (rule: string, more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}${rule}\n`,
  verdict: 'built',
  ...more,
});

/** Two modules, of which the second has a rule of its own. */
const second = (rule: string): Pick<Scenario, 'conf' | 'files'> => ({
  conf: `${usual}BUILT_MODULE_NAME[1]="SELF_two" DEST_MODULE_LOCATION[1]="/extra"\n${rule}\n`,
  files: { Makefile: 'obj-m := SELF.o SELF_two.o\n', 'SELF_two.c': moduleSource() },
});

/** BUILD_EXCLUSIVE_*, against Debian's 6.1.0-<n>-amd64 (and a later kernel of Debian's in dkms). */
export const exclusiveScenarios: Scenarios = {
  only_kernel: excluded('BUILD_EXCLUSIVE_KERNEL="^5\\."', /BUILD_EXCLUSIVE_KERNEL is '\^5\\\.'/, {
    dkms: 77,
  }),
  only_kernel_met: kept('BUILD_EXCLUSIVE_KERNEL="^(5|6)\\.[0-9]+"', { dkms: 0 }),
  only_min: excluded('BUILD_EXCLUSIVE_KERNEL_MIN="9.0"', /KERNEL_MIN is 9\.0/, { dkms: 77 }),
  only_min_abi: excluded('BUILD_EXCLUSIVE_KERNEL_MIN="6.1.0-999"', /KERNEL_MIN is 6\.1\.0-999/),
  only_min_abi_met: kept('BUILD_EXCLUSIVE_KERNEL_MIN="6.1.0-9"', { dkms: 0 }),
  only_min_rc_met: kept('BUILD_EXCLUSIVE_KERNEL_MIN="5.19-rc3"', {}),
  only_max: excluded('BUILD_EXCLUSIVE_KERNEL_MAX="5.19"', /KERNEL_MAX is 5\.19/, { dkms: 77 }),
  only_max_rc: excluded('BUILD_EXCLUSIVE_KERNEL_MAX="6.1-rc8"', /KERNEL_MAX is 6\.1-rc8/, {
    dkms: 77,
  }),
  only_max_met: kept('BUILD_EXCLUSIVE_KERNEL_MAX="6.100"', { dkms: 0 }),
  only_arch: excluded('BUILD_EXCLUSIVE_ARCH="aarch64|none"', /the machine is x86_64/),
  only_arch_met: kept('BUILD_EXCLUSIVE_ARCH="x86"'),
  only_config: excluded('BUILD_EXCLUSIVE_CONFIG="CONFIG_PCI CONFIG_NO_SUCH"', /'CONFIG_NO_SUCH'/, {
    dkms: 77,
  }),
  only_config_not: excluded('BUILD_EXCLUSIVE_CONFIG="!CONFIG_MODULES"', /'!CONFIG_MODULES'/, {
    dkms: 77,
  }),
  only_config_met: kept('BUILD_EXCLUSIVE_CONFIG="CONFIG_PCI !CONFIG_NO_SUCH"', { dkms: 0 }),
  only_obsolete: excluded('OBSOLETE_BY="5.10"', /KERNEL_MAX is 5\.10/, { dkms: 77 }),
  only_obsolete_later: kept('OBSOLETE_BY="5.10" BUILD_EXCLUSIVE_KERNEL_MAX="99"', { dkms: 0 }),
  // A rule counts, and a broken conf counts for more.
  only_broken: {
    conf: `${usual}BUILD_EXCLUSIVE_KERNEL="^5\\."\nAUTOINSTALL=maybe\n`,
    verdict: 'DKMS_CONF_INVALID',
    dkms: 8,
  },
  only_one: {
    ...second('BUILD_EXCLUSIVE_KERNEL[1]="^5\\."'),
    verdict: 'built',
    modules: ['SELF'],
    also: ({ dkms }) => {
      const [first, other] = dkms?.modules ?? [];
      if (
        first?.excluded !== undefined ||
        !other?.excluded?.includes('BUILD_EXCLUSIVE_KERNEL[1]')
      ) {
        throw new Error(JSON.stringify(dkms?.modules));
      }
    },
    dkms: { exit: 0, since: 'dkms 3.2.2 does not read the rule of one module' },
  },
  only_one_met: {
    ...second('BUILD_EXCLUSIVE_CONFIG[1]="CONFIG_PCI" BUILD_EXCLUSIVE_KERNEL_MIN[1]="6.0"'),
    verdict: 'built',
    modules: ['SELF', 'SELF_two'],
  },
  // The rule with index 0 is that of all.
  only_all_by_first: {
    ...second('BUILD_EXCLUSIVE_KERNEL[0]="^5\\." BUILD_EXCLUSIVE_KERNEL[1]="^6\\."'),
    verdict: 'excluded',
    says: [/BUILD_EXCLUSIVE_KERNEL is/],
    dkms: 77,
  },
};
