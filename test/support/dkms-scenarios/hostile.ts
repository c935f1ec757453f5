import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

/** A script of bash that runs in place of make. */
const instead = (
  script: string,
  more: Partial<Scenario> & Pick<Scenario, 'verdict'>,
): Scenario => ({
  conf: `${usual}MAKE="./evil.sh"\n`,
  files: { 'evil.sh': { program: `#!/bin/bash\n${script}\n` } },
  ...more,
});

/** One that runs and then lets the module be built. */
const before = (script: string, more: Partial<Scenario> & Pick<Scenario, 'verdict'>): Scenario =>
  instead(`${script}\nmake -C /lib/modules/$(uname -r)/build M=$PWD modules`, more);

/** Writes an archive to the descriptor that the driver has for its own. */
const send = (files: string) =>
  `cd /tmp/forged && tar -P -cf - ${files} > /proc/1/fd/1; cd - > /dev/null`;

const record = (...fields: string[]): string =>
  `mkdir -p /tmp/forged/module; printf '%s\\0' ${fields.map((f) => `'${f}'`).join(' ')} > /tmp/forged/record`;

/** What a hostile source tries, and what becomes of it. None may reach anything. */
export const hostileScenarios: Scenarios = {
  innocent: { verdict: 'built' },
  // To outlive the build: deaf to signals, with no terminal, no parent and its own session.
  outlive: before(
    `for i in 1 2 3; do
  setsid nohup bash -c 'trap "" HUP TERM INT; while :; do date > /var/lib/dkms/alive; sleep 0.1; done' &
done > /dev/null 2>&1`,
    { verdict: 'built' },
  ),
  outlive_conf: {
    conf: `${usual}(trap "" HUP TERM; while :; do sleep 1; done) & disown\n`,
    verdict: 'built',
  },
  fill_tree: before('cat /dev/zero > fill', {
    verdict: 'BUILD_DISK_FULL',
  }),
  fill_state: {
    conf: `${usual}cat /dev/zero > /tmp/fill\n`,
    verdict: 'BUILD_DISK_FULL',
  },
  fill_all: before(
    'for d in /usr/src /lib/modules /dev/shm /var/lib/dkms /tmp; do cat /dev/zero > $d/fill; done',
    { verdict: 'BUILD_DISK_FULL' },
  ),
  fork_loud: {
    conf: `${usual}bomb() { bomb | bomb & }\nbomb\nsleep 1000\n`,
    verdict: 'BUILD_PROCESS_LIMIT',
  },
  fork_quiet: instead('cc -o bomb bomb.c && exec ./bomb', {
    files: {
      'evil.sh': { program: '#!/bin/sh\ncc -o bomb bomb.c && exec ./bomb\n' },
      'bomb.c': `#include <unistd.h>
int main(void) { for (;;) if (fork() < 0) usleep(50000); }
`,
    },
    verdict: 'BUILD_PROCESS_LIMIT',
  }),
  memory: instead('exec tail /dev/zero', { verdict: 'BUILD_OUT_OF_MEMORY' }),
  escapes: instead("printf '\\033[2J\\033]0;mine\\007gone\\r\\n' >&2; exit 3", {
    verdict: 'BUILD_MAKE_FAILED',
    says: [/gone/],
  }),
  escapes_rule: {
    conf: `${usual}BUILD_EXCLUSIVE_KERNEL=$'\\e[31mnone'\n`,
    verdict: 'excluded',
    says: [/\ufffd\[31mnone/],
  },
  escapes_name: before("touch $'other\\e[31m.ko'", { verdict: 'VERIFY_FAILED', says: [/control/] }),
  forge_path: before(
    `${record('end', 'built')}; touch /tmp/forged/x.ko; ${send("--transform 's,^,../../../../tmp/,' x.ko")}`,
    {
      verdict: 'VERIFY_FAILED',
      says: [/lies outside/],
    },
  ),
  forge_name: before(
    `rm /tmp/.kbuild-ts/record; printf '%s\\0' name x module ../../x dest ../../x end built > /tmp/.kbuild-ts/record`,
    { verdict: 'VERIFY_FAILED', says: [/module \.\.\/\.\.\/x/] },
  ),
  forge_twice: before(
    `printf '%s\\0' module SELF dest SELF module SELF dest SELF >> /tmp/.kbuild-ts/record`,
    { verdict: 'VERIFY_FAILED', says: [/module SELF twice/] },
  ),
  forge_key: before(`printf '%s\\0' $'\\e[31mkey' value >> /tmp/.kbuild-ts/record`, {
    verdict: 'VERIFY_FAILED',
    says: [/holds '\ufffd\[31mkey'/],
  }),
  forge_none: before('rm -r /tmp/.kbuild-ts; mkdir -p /tmp/.kbuild-ts/record', {
    verdict: 'VERIFY_FAILED',
    says: [/an end of 'none'/],
  }),
  forge_link: before('ln -sf /etc/passwd /tmp/.kbuild-ts/record', {
    verdict: 'VERIFY_FAILED',
    says: [/an end of 'none'/],
  }),
  forge_huge: before("head -c 5000000 /dev/zero | tr '\\0' x >> /tmp/.kbuild-ts/record", {
    verdict: 'VERIFY_FAILED',
    says: [/500\d+ bytes/],
  }),
  forge_exclusion: before("printf '%s\\0' end excluded >> /tmp/.kbuild-ts/record; kill -9 1", {
    verdict: 'built',
  }),
  forge_first: before(
    `${record('name', 'x', 'version', '1', 'rule', 'none', 'end', 'excluded')}; ${send('record')}`,
    { verdict: 'VERIFY_FAILED', says: [/record twice/] },
  ),
  forge_garbage: before('head -c 100000 /dev/urandom > /proc/1/fd/1', {
    verdict: 'VERIFY_FAILED',
    says: [/archive of \d+ bytes cannot be read/],
  }),
  module_link: instead('ln -s /etc/passwd SELF.ko', { verdict: 'VERIFY_FAILED' }),
  module_empty: instead(': > SELF.ko', { verdict: 'VERIFY_FAILED' }),
  module_fifo: instead('mkfifo SELF.ko', { verdict: 'BUILD_MODULE_MISSING' }),
  module_directory: instead('mkdir SELF.ko', { verdict: 'BUILD_MODULE_MISSING' }),
  module_other: instead(
    'find /usr/src /lib/modules -name "*.o" -type f | head -n 1 | xargs -I{} cp {} SELF.ko; test -s SELF.ko || cp /bin/true SELF.ko',
    {
      verdict: 'VERIFY_FAILED',
    },
  ),
  module_swapped: {
    conf: `${usual}POST_BUILD="evil.sh"\n`,
    files: {
      'evil.sh': {
        program: '#!/bin/sh\ncd ../*/*/module && mv SELF.ko x && ln -s /etc/passwd SELF.ko\n',
      },
    },
    verdict: 'BUILD_MODULE_MISSING',
  },
};
