/** What dnf prints while it does well, or to say once more that it did not. */
const idle =
  /^(Error: )?(Error downloading packages:|Errors during downloading metadata|Last metadata|.*Some packages can't|\s*$)/;

/** dnf 4 and dnf 5 word it differently; libcurl, librepo and rpm as they always do. */
const complaint =
  /^>>> |\berrors?\b|\bfail|curl|status code|no package|no match|no space left|cannot|unable|not found|bad gpg|gpg|checksum|signature|\bkey\b|timed? ?out/i;

/** The last word of librepo on a file, which says nothing that was not said before. */
const lastWord = /No more mirrors to try|All mirrors were (already )?tried/;

/**
 * What dnf complains of, shortened to what a reader wants; of a single package if it is named and
 * something was said of it.
 */
export function reasonsIn(said: readonly string[], named?: string): string | undefined {
  const complaints = said.filter((line) => complaint.test(line) && !idle.test(line));
  const own = complaints.filter(
    (line) => named !== undefined && withoutEpoch(line).includes(named),
  );
  const lines = own.length > 0 ? own : complaints;
  const telling = lines.filter((line) => !lastWord.test(line));
  const reasons = (telling.length > 0 ? telling : lines).map(shorten);
  return reasons.length === 0 ? undefined : [...new Set(reasons)].slice(0, 3).join('; ');
}

/** dnf 5 writes the epoch into names, 0 too. */
const withoutEpoch = (line: string): string => line.replaceAll(/-\d+:/g, '-');

function shorten(line: string): string {
  return line
    .trim()
    .replace(/^- /, '')
    .replace(/^(\[MIRROR\] \S+: |\[FAILED\] \S+: |Error: |>>> )/, '')
    .replace(/ - \w+:\/\/\S+$/, '') // dnf 5 says once more from where
    .replace(/ \(IP: [^)]*\)$/, '');
}
