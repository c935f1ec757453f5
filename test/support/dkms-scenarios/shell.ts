import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

/** A dkms.conf that does this, and is built all the same. */
const harmless = (lines: string, more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}${lines}\n`,
  verdict: 'built',
  ...more,
});

/** One of which dkms says so too. */
const asInDkms = (lines: string, more: Partial<Scenario> = {}): Scenario =>
  harmless(lines, { dkms: 0, ...more });

/** What a dkms.conf may do to the shell that reads it. */
export const shellScenarios: Scenarios = {
  overwrites: harmless(
    `dkms_tree=/nowhere source_tree=/nowhere install_tree=/nowhere kernel_source_dir=/nowhere
kernelver=9.9 arch=vax module=other module_version=9 tmp_location=/nowhere kernel_config=/nowhere
PATH=/nowhere; IFS=_; kt_state=/nowhere kt_source=/nowhere kt_kdir=/nowhere kt_problems=9
LD_PRELOAD=/nowhere; export LD_PRELOAD; BASH_ENV=/nowhere; cd /; umask 777; set -f`,
    { dkms: { exit: 8, since: 'IFS takes away the ground that dkms itself stands on' } },
  ),
  functions: harmless(
    `for f in printf declare unset read tar make cp find strip patch kt_end kt_record kt_collect \\
  BUILT_MODULE_NAME; do eval "$f() { echo \\"$f is mine\\"; return 1; }"; done
builtin() { echo builtin is mine; }`,
  ),
  readonlys: asInDkms('readonly PACKAGE_NAME PACKAGE_VERSION MAKE PATH IFS kernelver'),
  readonly_ours: {
    conf: `${usual}readonly kt_list kt_name POSIXLY_CORRECT\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/can be read/],
  },
  set_e: asInDkms('set -e'),
  set_u: harmless('set -u'),
  traps: asInDkms('trap "echo trapped" EXIT DEBUG ERR; trap "" TERM PIPE'),
  redirected: harmless('exec 1>&2 2>/dev/null; exec 3>/tmp/x 5>&1'),
  associative: {
    conf: `${usual.replace(/BUILT_.*\n/, '')}declare -A BUILT_MODULE_NAME\nBUILT_MODULE_NAME[x]="SELF"\n`,
    verdict: 'built',
  },
  exits: {
    conf: `${usual}exit 0\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/ends its shell before its end/],
    dkms: 8,
  },
  execs: {
    conf: `${usual}exec true\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/ends its shell before its end/],
    dkms: 8,
  },
  killed: {
    conf: `${usual}kill -9 $BASHPID\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/ends its shell before its end/],
  },
  returns: harmless('return 1\nPACKAGE_NAME=never'),
  // Names of variables of dkms itself.
  lower_case: harmless(
    `build_exclude=yes built_module_name=wrong dest_module_name=wrong built_module_location=wrong
dest_module_location=/wrong patch_array=wrong.patch strip=no make_command=false num_modules=7
package_name=wrong pre_build=wrong`,
    { dkms: { exit: 77, since: 'dkms takes seven variables of its own from dkms.conf too' } },
  ),
  sourced: asInDkms(
    // As some do to know what a kernel has: thousands of variables.
    '. "$kernel_source_dir/.config"; pushd / > /dev/null; popd',
  ),
  kernel_asked: harmless(
    `[ "$kernelver" = "$(uname -r)" ] || PACKAGE_NAME=
[ -n "$arch" ] && [ "$arch" = "$(uname -m)" ] || PACKAGE_VERSION=
[ -e "$kernel_source_dir/Makefile" ] || DEST_MODULE_LOCATION=
[ "$dkms_tree" = /var/lib/dkms ] && [ "$source_tree" = /usr/src ] || AUTOINSTALL=wrong`,
  ),
  module_asked: harmless('PRE_INSTALL="$module/$module_version ${kernelver%%.*}"', {
    also: ({ dkms }) => {
      if (dkms?.hooks['PRE_INSTALL'] !== 'module_asked/1.0 6')
        throw new Error(JSON.stringify(dkms));
    },
  }),
};
