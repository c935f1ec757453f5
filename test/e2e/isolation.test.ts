import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build } from '../support/cli.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A Kbuild that tries what a build has no business with, and says how it went. */
const nosyKbuild = `obj-m := nosy.o
try = $(shell ($(2)) >/dev/null 2>&1 && echo '$(1): yes' >&2 || echo '$(1): no' >&2)
$(shell echo "user: $$(id -u)" >&2)
$(shell grep -E '^(CapEff|NoNewPrivs)' /proc/self/status >&2)
$(call try,write sources,touch /src/nosy/evil)
$(call try,write KDIR,touch $(srctree)/evil)
$(call try,write image,touch /usr/evil)
$(call try,write scratch,touch /build/mine && touch /tmp/mine)
$(call try,see network,tail -n +3 /proc/net/dev | grep -v '^ *lo:')
$(call try,see other processes,test -e /proc/2/root/etc/shadow)
$(call try,see the engine,test -e /var/run/docker.sock)
$(call try,see the host,test -e ${process.cwd()})
`;

describe('a build', () => {
  let log: string;
  let project: string;

  beforeAll(async () => {
    project = temporaryDirectory({
      'kbuild.config.yaml': 'name: nosy\n',
      Kbuild: nosyKbuild,
      'nosy.c': moduleSource(),
    });
    const { exitCode, document, stderr } = await build([project, '--arch', 'arm64', '--no-cache']);
    expect(exitCode, stderr).toBe(0);
    log = readFileSync(join(project, 'dist', document.jobs[0]!.log!), 'utf8');
  });

  it('runs without privileges', () => {
    expect(log).toMatch(/^user: 655(2\d|3[0-3])$/m);
    expect(log).toMatch(/^CapEff:\s+0+$/m);
    expect(log).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  it('can write to its scratch space and nowhere else', () => {
    expect(log).toMatch(/^write scratch: yes$/m);
    for (const place of ['sources', 'KDIR', 'image']) {
      expect(log).toMatch(new RegExp(`^write ${place}: no$`, 'm'));
    }
    expect(existsSync(join(project, 'evil'))).toBe(false);
  });

  it('sees no network, no other process, no engine and nothing of the host', () => {
    for (const thing of ['network', 'other processes', 'the engine', 'the host']) {
      expect(log).toMatch(new RegExp(`^see ${thing}: no$`, 'm'));
    }
  });
});

describe('a hostile build', () => {
  it('cannot have a file written outside of the output by its archive', async () => {
    const name = `kbuild-ts-escaped-${process.pid}`;
    const up = '../'.repeat(12);
    // The script that writes the archive is the parent of make: its descriptor can be reached.
    const project = temporaryDirectory({
      Kbuild: `obj-m := evil.o
$(shell mkdir -p /tmp/a && cd /tmp/a && touch evil.ko && for pid in $$(ls /proc | grep '^[0-9]'); do for fd in 10 3 1; do tar -P --transform 's,^,${up}tmp/${name}/,' -cf /proc/$$pid/fd/$$fd evil.ko; done; done 2>/dev/null)
`,
      'evil.c': moduleSource(),
    });
    await build([project, '--arch', 'arm64', '--no-cache']);
    expect(existsSync(join('/tmp', name))).toBe(false);
  });

  it('that prints without end is ended, and fills neither disk nor memory', async () => {
    const project = temporaryDirectory({
      Kbuild:
        'obj-m := loud.o\n$(obj)/loud.c: FORCE\n\tyes 0123456789012345678901234567890123456789\n',
    });
    const { document } = await build([project, '--arch', 'arm64', '--timeout', '5s']);
    expect(document.jobs[0]?.error?.code).toBe('BUILD_TIMEOUT');
    const log = readFileSync(join(project, 'dist', document.jobs[0]!.log!));
    expect(log.length).toBeLessThan(65 * 2 ** 20);
  });
});
