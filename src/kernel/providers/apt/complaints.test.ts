import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { downloadFailures, reasonsIn } from './complaints.js';

describe('reasonsIn', () => {
  it('gives what apt and the programs beside it complain of, and nothing else', () => {
    const said = [
      'Get:1 http://mirror/debian bookworm InRelease [151 kB]',
      'Err:2 http://mirror/debian bookworm Release',
      'W: GPG error: http://mirror/debian bookworm InRelease: NO_PUBKEY 0E98404D386FA1D9',
      "E: The repository 'http://mirror/debian bookworm InRelease' is not signed.",
      'dpkg-deb: error: paste subprocess was killed by signal (Broken pipe)',
    ];
    expect(reasonsIn(said)).toBe(said.slice(2).join('; '));
  });

  it('says each reason once, three at most, and leaves out that there are reasons', () => {
    const same = 'E: Failed to fetch http://mirror/x.deb  404  Not Found';
    const said = [same, same, 'E: b', 'W: c', 'W: d', 'E: Some index files failed to download.'];
    expect(reasonsIn(said)).toBe(`${same}; E: b; W: c`);
    expect(reasonsIn([...said].reverse())).toBe(`W: d; W: c; E: b`);
  });

  it('finds a full disk, whoever met it', () => {
    const line = 'sh: 1: cannot create /apt/lists/x: No space left on device';
    expect(reasonsIn([line])).toBe(line);
  });

  it.each([
    ['cp', 'cp /proc/self/status /dev/full'],
    ['tar', 'tar -cf /dev/full -C /etc passwd'],
    ['mkdir', 'mkdir /proc/x'],
    ['awk', 'awk -f /no/such/program'],
    ['dpkg-deb', 'dpkg-deb --fsys-tarfile /no/such.deb'],
  ])('gives what %s complains of', (program, command) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const { stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env });
    const [first = ''] = stderr.split('\n');
    expect(first).toMatch(new RegExp(`^${program}:`));
    expect(reasonsIn(['Get:1 http://mirror/x', first])).toBe(first);
  });

  it('says of all the files of a full disk only that it is full', () => {
    const said = [
      'tar: ./usr/src/a.h: Wrote only 4096 of 10240 bytes',
      'tar: ./usr/src/b.h: Wrote only 512 of 10240 bytes',
      'tar: Exiting with failure status due to previous errors',
    ];
    expect(reasonsIn(said)).toBe(`No space left on device; ${said[2]}`);
  });

  it.each([[[]], [['']], [['Reading package lists...', 'warning: E: is no letter']]])(
    'has none where there are none: %j',
    (said) => {
      expect(reasonsIn(said)).toBeUndefined();
    },
  );
});

describe('downloadFailures', () => {
  it('tells why, by address', () => {
    const failures = downloadFailures([
      'Get:1 http://mirror/a.deb',
      'E: Failed to fetch http://mirror/a.deb  404  Not Found [IP: 192.0.2.1 80]',
      'E: Failed to fetch http://mirror/b.deb  Hash Sum mismatch',
      '   Hashes of expected file:',
      'E: Failed to fetch http://[2001:db8::1]/c.deb  Connection failed [IP: 2001:db8::1 80]',
      'E: Download Failed',
    ]);
    expect([...failures]).toEqual([
      ['http://mirror/a.deb', '404  Not Found'],
      ['http://mirror/b.deb', 'Hash Sum mismatch'],
      ['http://[2001:db8::1]/c.deb', 'Connection failed'],
    ]);
  });
});
