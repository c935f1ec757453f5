/** What apt complains of, without the addresses that a reader does not want twice; or undefined. */
export function reasonsIn(said: readonly string[]): string | undefined {
  const reasons = said
    .map((line) => line.replace(/^.*Wrote only \d+ of \d+ bytes.*$/, 'No space left on device'))
    .filter((line) => /^(E|W|dpkg-deb|tar|awk|mkdir|cp):|No space left on device/.test(line))
    .filter((line) => !/^E: (Download Failed|Some index files failed)/.test(line));
  return reasons.length === 0 ? undefined : [...new Set(reasons)].slice(0, 3).join('; ');
}

/**
 * Why single files could not be downloaded, by their addresses, from lines such as
 * `E: Failed to fetch http://…/x.deb  404  Not Found [IP: …]`.
 */
export function downloadFailures(said: readonly string[]): Map<string, string> {
  const failures = new Map<string, string>();
  for (const line of said) {
    const [, uri, why] = /^E: Failed to fetch (\S+)\s+(.*)$/.exec(line) ?? [];
    if (uri !== undefined && why !== undefined)
      failures.set(uri, why.replace(/\s+\[IP: .*\]$/, ''));
  }
  return failures;
}
