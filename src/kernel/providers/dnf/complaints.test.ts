import { describe, expect, it } from 'vitest';
import { reasonsIn } from './complaints.js';

describe('reasonsIn', () => {
  // As dnf 4.14 with librepo 1.14 printed it.
  const said = [
    'Last metadata expiration check: 0:00:01 ago on Fri Nov 20 15:20:10 2026.',
    '[MIRROR] kernel-devel-6.1.1-1.fc41.x86_64.rpm: Status code: 404 for http://127.0.0.1:1/kernel-devel-6.1.1-1.fc41.x86_64.rpm (IP: 127.0.0.1)',
    '[FAILED] kernel-devel-6.1.1-1.fc41.x86_64.rpm: No more mirrors to try - All mirrors were already tried without success',
    '[MIRROR] kernel-devel-6.1.2-1.fc41.x86_64.rpm: Curl error (18): Transferred a partial file for http://127.0.0.1:1/x [transfer closed with 5 bytes remaining to read]',
    'Error: Error downloading packages:',
  ];

  it('gives the reason of the package that is asked for, without what says nothing', () => {
    expect(reasonsIn(said, 'kernel-devel-6.1.1-1.fc41.x86_64')).toBe(
      'Status code: 404 for http://127.0.0.1:1/kernel-devel-6.1.1-1.fc41.x86_64.rpm',
    );
    expect(reasonsIn(said, 'kernel-devel-6.1.2-1.fc41.x86_64')).toMatch(
      /^Curl error \(18\): Transferred a partial file/,
    );
  });

  // As dnf 5.4 printed it.
  const saidByDnf5 = [
    'Updating and loading repositories:',
    ' kernel-devel-0:6.1.1-1.fc41.x86_64       0% |   0.0   B/s |   0.0   B |  00m00s',
    '>>> Status code: 404 for http://127.0.0.1:1/kernel-devel-6.1.1-1.fc41.x86_64.rpm (IP: 127.0.0.1) - http://127.0.0.1:1/kernel-devel-6.1.1-1.fc41.x86_64.rpm',
    '>>> No more mirrors to try - All mirrors were already tried without success',
    'Failed to download packages',
    ' Librepo error: Cannot download kernel-devel-6.1.1-1.fc41.x86_64.rpm: All mirrors were tried',
    '>>> Interrupted by header callback: Inconsistent server data, reported file Content-Length: 5, repository metadata states file length: 9 (please report to repository maintainer) - http://127.0.0.1:1/kernel-devel-6.1.2-1.fc41.x86_64.rpm',
    'No package "kernel-devel-6.1.9-1.fc41.x86_64" available; You might want to use --skip-unavailable option.',
  ];

  it('reads dnf 5 as well', () => {
    expect(reasonsIn(saidByDnf5, 'kernel-devel-6.1.1-1.fc41.x86_64')).toBe(
      'Status code: 404 for http://127.0.0.1:1/kernel-devel-6.1.1-1.fc41.x86_64.rpm',
    );
    expect(reasonsIn(saidByDnf5, 'kernel-devel-6.1.2-1.fc41.x86_64')).toMatch(
      /: Inconsistent server data, .* maintainer\)$/,
    );
    expect(reasonsIn(saidByDnf5, 'kernel-devel-6.1.9-1.fc41.x86_64')).toMatch(/^No package "/);
  });

  it('gives what else was complained of where the package is not named', () => {
    expect(reasonsIn(['tar: x', 'cp: cannot write: No space left on device'], 'kernel-devel')).toBe(
      'cp: cannot write: No space left on device',
    );
  });

  it('gives nothing where nothing went wrong', () => {
    expect(reasonsIn(said.slice(0, 1))).toBeUndefined();
    expect(reasonsIn([])).toBeUndefined();
  });
});
