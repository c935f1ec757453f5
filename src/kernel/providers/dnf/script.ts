import { allArchs } from '../../../arch/arch.js';
import { shellJoin, shellQuote } from '../../../runtime/shell.js';
import type { DnfRepository } from '../../repository.js';

/** Where the files of a repository's own keys are mounted, each by its number. */
export const keyDirectory = '/keys';
/** Where dnf keeps what it knows of the repositories. */
export const cacheMount = '/dnf';
/** Where packages are downloaded to and unpacked. */
export const fetchMount = '/fetch';

/** What a script says before all else: what was said before it was of the image. */
export const beginning = 'dnf begins';

/**
 * Directories of dnf's own, so that no root and no system state is needed, and the repositories: the
 * image's, or the user's. A repository that does not answer is an error, not a shorter list.
 */
export function setup({ image, sources, keys = [] }: DnfRepository): string {
  const keyList = keys.map((_, i) => `file://${keyDirectory}/${i}`).join(',');
  const options = [
    '--setopt=retries=3',
    '--setopt=timeout=30',
    '--setopt=logdir=/tmp',
    `--setopt=cachedir=${cacheMount}/cache`,
    '--setopt=*.skip_if_unavailable=0',
    ...(keys.length > 0 ? [`--setopt=*.gpgkey=${keyList}`] : []),
    // Debian's dnf asks for one; of a distribution's own image dnf knows it.
    ...(image === undefined ? ['--releasever=0'] : []),
    ...(sources === undefined ? [] : ['--setopt=reposdir=/tmp/repositories']),
  ];
  return `echo '${beginning}' >&2
set -eu
export LC_ALL=C HOME=/tmp
umask 022
${
  sources === undefined
    ? ''
    : `mkdir /tmp/repositories
printf '%s\\n' ${shellQuote(sources)} > /tmp/repositories/own.repo`
}
if dnf --version 2>/dev/null | grep -q '^dnf5'
then of_version=--setopt=system_cachedir=${cacheMount}/cache
else of_version='--setopt=persistdir=/tmp/dnf-state --disableplugin=local'
fi
run_dnf() { dnf -y ${shellJoin(options)} $of_version "$@" < /dev/null; }
# One dnf at a time: its own locks are process ids, which mean nothing in another container.
exec 9> ${cacheMount}/lock && flock 9
mkdir -p ${cacheMount}/cache
rm -f ${cacheMount}/cache/*.pid`;
}

/** Prints the hashes that the metadata, which dnf has checked, hold for packages of these names. */
const hashesScript = (names: readonly string[]): string => `
for file in ${cacheMount}/cache/*/repodata/*primary.xml*; do
  case "$file" in
  *.gz) gzip -dc "$file" ;;
  *.zst) zstd -dcq "$file" ;;
  *.xz) xz -dc "$file" ;;
  *.bz2) bzip2 -dc "$file" ;;
  *.xml) cat "$file" ;;
  esac | awk -v names=${shellQuote(` ${names.join(' ')} `)} '
    function inside(from, to,   at, text) {
      at = index($0, from); if (!at) return ""
      text = substr($0, at + length(from)); at = index(text, to)
      return at ? substr(text, 1, at - 1) : ""
    }
    function attribute(tag, name,   text, at) {
      text = inside(tag, ">"); at = match(text, name "=\\"[^\\"]*\\"")
      return at ? substr(text, RSTART + length(name) + 2, RLENGTH - length(name) - 3) : ""
    }
    BEGIN { RS = "</package>" }
    index(names, " " inside("<name>", "</name>") " ") && attribute("<checksum ", "type") == "sha256" {
      hash = inside("<checksum ", "</checksum>"); sub(/^[^>]*>/, "", hash)
      v = "<version "
      print "sha256|" inside("<name>", "</name>") "|" attribute(v, "epoch") "|" attribute(v, "ver") "|" attribute(v, "rel") "|" inside("<arch>", "</arch>") "|" hash
    }'
done`;

/**
 * Brings the metadata up to date and prints all versions of the packages that kernels are made of.
 * A repository need not have all archs: one whose metadata are not there (404) is left out, as long
 * as there is another.
 */
export function indexScript(repository: DnfRepository): string {
  const names = [
    ...new Set(repository.kernels.flatMap((rule) => [rule.package, ...(rule.with ?? [])])),
  ];
  const format = `package|%{name}|%{epoch}|%{version}|%{release}|%{arch}|%{downloadsize}\\n`;
  const archs = allArchs().map(({ rpm }) => rpm);
  return `${setup(repository)}
some=
for arch in ${archs.join(' ')}; do
  if run_dnf --forcearch="$arch" --refresh repoquery --queryformat ${shellQuote(format)} ${shellJoin(names)} \\
    > /tmp/packages 2> /tmp/complaints
  then some=yes
  else
    cat /tmp/packages /tmp/complaints >&2
    grep -q 'Status code: 404' /tmp/packages /tmp/complaints || exit 1
    continue
  fi
  cat /tmp/complaints >&2
  grep -v '^package|\|^$' /tmp/packages >&2 || true
  grep '^package|' /tmp/packages || true
done
[ -n "$some" ] || exit 1
${hashesScript(names)}`;
}
