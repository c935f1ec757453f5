import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

const tell = {
  program:
    '#!/bin/sh\necho "told: $0 in $(pwd): $* ($(ls *.ko 2> /dev/null)); err" >&2; echo out\n',
};

const hooked = (conf: string, more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}${conf}\n`,
  files: { 'tell.sh': tell, 'fail.sh': { program: '#!/bin/sh\necho no good; exit 7\n' } },
  verdict: 'built',
  ...more,
});

/** The hooks of a build. The others are for installations: they are told of, not run. */
export const hookScenarios: Scenarios = {
  hook_order: hooked(
    `POST_BUILD="tell.sh after 'b c'" PRE_BUILD="tell.sh before $kernelver" POST_ADD="fail.sh"
PRE_INSTALL="fail.sh" POST_INSTALL="fail.sh" POST_REMOVE="fail.sh"`,
    {
      log: [
        /told: \/var\/lib\/dkms\/SELF\/1\.0\/build\/tell\.sh in \/var\/lib\/dkms\/SELF\/1\.0\/build: before 6\.1\S+ \(\); err/,
        /^out$/,
        /told: \S+ in \S+: after b c \(SELF\.ko\); err/,
        /^out$/,
      ],
      dkms: { exit: 7, since: 'dkms add runs POST_ADD; a build adds nothing' },
    },
  ),
  hook_before_fails: hooked('PRE_BUILD="fail.sh with words"', {
    verdict: 'DKMS_HOOK_FAILED',
    says: [/PRE_BUILD \(fail\.sh with words\) failed \(exit 7\)/],
    log: [/^no good$/],
    dkms: 7,
  }),
  hook_after_fails: hooked('POST_BUILD="fail.sh"', {
    verdict: 'DKMS_HOOK_FAILED',
    says: [/POST_BUILD \(fail\.sh\) failed \(exit 7\)/],
    dkms: 7,
  }),
  hook_no_program: hooked('PRE_BUILD="Makefile" POST_BUILD="nowhere.sh x"', {
    says: [/^PRE_BUILD is 'Makefile'.* it is not run$/m, /^POST_BUILD is 'nowhere\.sh x'/m],
    dkms: 0,
  }),
  // It finds the modules where dkms has them, and may change them there.
  hook_changes: {
    ...hooked('POST_BUILD="change.sh"'),
    files: {
      'change.sh': {
        program: `#!/bin/sh -e
cd "../$(uname -r)/$(uname -m)/module"
test -f SELF.ko
objcopy --add-section .note.changed=/etc/hostname SELF.ko
`,
      },
    },
    also: () => undefined,
  },
  hook_removes: {
    ...hooked('POST_BUILD="remove.sh"'),
    files: { 'remove.sh': { program: '#!/bin/sh\nrm ../*/*/module/SELF.ko\n' } },
    verdict: 'BUILD_MODULE_MISSING',
    says: [/SELF\.ko came out, and was gone after POST_BUILD/],
  },
  hook_generates: {
    ...hooked('PRE_BUILD="generate.sh"'),
    bare: true,
    files: {
      'generate.sh': {
        program: `#!/bin/sh -e
echo 'obj-m := SELF.o' > Makefile
printf '%s\\n' '#include <linux/module.h>' 'MODULE_LICENSE("GPL");' > SELF.c
`,
      },
    },
    dkms: 0,
  },
};
