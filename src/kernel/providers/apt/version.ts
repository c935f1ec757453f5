import { compareNumbers } from '../../release.js';

/**
 * Orders Debian versions as dpkg does (deb-version(7)): epoch, upstream version, revision; `~` sorts
 * before the end, letters before all else. Negative if a is older than b.
 */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function parts(version: string): { epoch: string; upstream: string; revision: string } {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  return {
    epoch,
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? '' : rest.slice(dash + 1),
  };
}

function compareParts(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== '' || right !== '') {
    const [x = '', y = ''] = [/^\D*/.exec(left)?.[0], /^\D*/.exec(right)?.[0]];
    for (let i = 0; i < Math.max(x.length, y.length); i++) {
      const difference = order(x[i]) - order(y[i]);
      if (difference !== 0) return difference;
    }
    [left, right] = [left.slice(x.length), right.slice(y.length)];
    const [m = '', n = ''] = [/^\d*/.exec(left)?.[0], /^\d*/.exec(right)?.[0]];
    const difference = compareNumbers(m, n);
    if (difference !== 0) return difference;
    [left, right] = [left.slice(m.length), right.slice(n.length)];
  }
  return 0;
}

/** Of a character: `~`, the end, letters, all else. */
function order(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
