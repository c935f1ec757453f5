import { moduleSource } from '../project.js';
import { usual, type Scenarios } from '../dkms-scenario.js';

const kbuild = 'make -C $kernel_source_dir M=$dkms_tree/SELF/1.0/build';

/** Which command is run, and what is made of how it ends. */
export const makeScenarios: Scenarios = {
  make_default: {
    verdict: 'built',
    log: [
      /: make -j\d+ KERNELRELEASE=6\.1\S+ -C \/lib\/modules\/6\.1\S+\/build M=\/var\/lib\/dkms\/SELF\/1\.0\/build$/,
    ],
  },
  make_last_match: {
    conf: `${usual}MAKE[0]="make any"
MAKE[1]="make first" MAKE_MATCH[1]="^6\\."
MAKE[2]="${kbuild} LAST=1" MAKE_MATCH[2]='^6\\.1'
MAKE[3]="make never" MAKE_MATCH[3]="^5\\."
`,
    verdict: 'built',
    log: [/make -j\d+ KERNELRELEASE=6\S+ .* LAST=1$/],
    dkms: 0,
  },
  make_no_match: {
    conf: `${usual}MAKE[0]="make never"\nMAKE_MATCH[0]="^5\\."\n`,
    verdict: 'built',
    dkms: 0,
  },
  make_sparse: {
    conf: `${usual}MAKE[0]="${kbuild}"\nMAKE[5]="false" MAKE_MATCH[5]="^6\\."\n`,
    verdict: 'built',
    says: [/MAKE\[5\]/],
    dkms: 0,
  },
  make_bad_match: {
    conf: `${usual}MAKE[0]="${kbuild}"\nMAKE[1]="false"\nMAKE_MATCH[1]="(6"\n`,
    verdict: 'built',
    says: [/'\(6' is no regular expression/],
    dkms: 0,
  },
  make_otherwise: {
    conf: `${usual}MAKE='cd \${dkms_tree}/SELF/1.0/build && V=0 make -C $kernel_source_dir M=\\$PWD'\n`,
    verdict: 'built',
    log: [/kbuild-ts: cd \/var\/lib\/dkms\/SELF\/1\.0\/build && V=0 make -C /],
    dkms: 0,
  },
  // What dkms takes over it expands once more, with all blanks as one.
  make_expanded: {
    conf: `${usual}BUILD_EXCLUSIVE_KERNEL='^6\\\\.1'
MAKE='
   make  -C $kernel_source_dir
   M=$dkms_tree/$PACKAGE_NAME/1.0/build
   MADE=$(echo once)'
DEST_MODULE_NAME='$PACKAGE_NAME-x'
`,
    verdict: 'built',
    modules: ['SELF-x'],
    log: [/kbuild-ts:  make -C \/lib\/\S+ M=\/var\/lib\/dkms\/SELF\/1\.0\/build MADE=once$/],
    dkms: 0,
  },
  make_quoted: {
    conf: `${usual}MAKE="'make' -C \${kernel_source_dir} M=\${dkms_tree}/\${PACKAGE_NAME}/\${PACKAGE_VERSION}/build"\n`,
    verdict: 'built',
    dkms: 0,
  },
  make_makefile: {
    conf: `${usual}MAKE="make all KVER=$kernelver"\n`,
    files: {
      Makefile:
        'obj-m := SELF.o\nall:\n\t$(MAKE) -C /lib/modules/$(KVER)/build M=$(CURDIR) modules\n',
    },
    verdict: 'built',
    dkms: 0,
  },
  make_hard_path: {
    conf: `${usual}MAKE="make -C /lib/modules/$kernelver/build M=/var/lib/dkms/SELF/1.0/build modules"\n`,
    verdict: 'built',
  },
  make_fails: {
    files: { 'SELF.c': '#error not today\n' },
    verdict: 'BUILD_COMPILE_ERROR',
    says: [/SELF\.c:1:2: #error not today/],
    dkms: 10,
  },
  make_exits: {
    conf: `${usual}MAKE="echo last words; exit 3"\n`,
    verdict: 'BUILD_MAKE_FAILED',
    says: [/exit \d+\): last words/],
    dkms: 10,
  },
  make_true: {
    conf: `${usual}MAKE="${kbuild}; true"\n`,
    files: { 'SELF.c': '#error not today\n' },
    verdict: 'BUILD_MODULE_MISSING',
    says: [/SELF\.ko did not come out/, /not today/],
    dkms: 7,
  },
  make_find: {
    conf: `${usual}MAKE="${kbuild}; find . -name '*.o' -exec rm {} +"\n`,
    files: { 'SELF.c': '#error not today\n' },
    verdict: 'BUILD_MODULE_MISSING',
    says: [/SELF\.ko did not come out/],
    dkms: 7,
  },
  make_other_name: {
    conf: usual.replace('BUILT_MODULE_NAME[0]="SELF"', 'BUILT_MODULE_NAME[0]="SELF_x"'),
    verdict: 'BUILD_MODULE_MISSING',
    says: [/SELF_x\.ko did not come out/],
    dkms: 7,
  },
  // What follows is of the modules: where they lie, what they are called, how they are stripped.
  renamed: {
    conf: `${usual}DEST_MODULE_NAME[0]="SELF-new"\n`,
    verdict: 'built',
    modules: ['SELF-new'],
    dkms: 0,
  },
  located: {
    conf: `${usual}BUILT_MODULE_LOCATION[0]="deep/er"\n`,
    files: {
      Makefile: 'obj-m := deep/\n',
      'deep/Makefile': 'obj-m := er/\n',
      'deep/er/Makefile': 'obj-m := SELF.o\n',
      'deep/er/SELF.c': moduleSource(),
    },
    verdict: 'built',
    dkms: 0,
  },
  // A package's module that is called as another package is: here, as `plain`.
  plainly: {
    conf: usual.replace('PACKAGE_NAME="SELF"', 'PACKAGE_NAME="plain-ly"'),
    verdict: 'built',
  },
  named_after_other: {
    conf: usual.replace('BUILT_MODULE_NAME[0]="SELF"', 'BUILT_MODULE_NAME[0]="renamed"'),
    files: { Makefile: 'obj-m := renamed.o\n', 'renamed.c': moduleSource() },
    verdict: 'built',
    modules: ['renamed'],
  },
  stripped: {
    conf: `${usual}STRIP[1]="no"
BUILT_MODULE_NAME[1]="SELF_no" DEST_MODULE_LOCATION[1]="/extra"
BUILT_MODULE_NAME[2]="SELF_too" DEST_MODULE_LOCATION[2]="/extra"
`,
    files: {
      Makefile: 'obj-m := SELF.o SELF_no.o SELF_too.o\n',
      'SELF_no.c': moduleSource(),
      'SELF_too.c': moduleSource(),
    },
    verdict: 'built',
    modules: ['SELF', 'SELF_no', 'SELF_too'],
    dkms: 0,
  },
  stripped_never: {
    conf: `${usual}STRIP[0]="no"
BUILT_MODULE_NAME[1]="SELF_too" DEST_MODULE_LOCATION[1]="/extra"
`,
    files: { Makefile: 'obj-m := SELF.o SELF_too.o\n', 'SELF_too.c': moduleSource() },
    verdict: 'built',
    modules: ['SELF', 'SELF_too'],
  },
};
