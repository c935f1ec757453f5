import { shellJoin, shellQuote } from '../../../runtime/shell.js';
import type { DnfRepository } from '../../repository.js';
import { nevra, type DnfPackage } from './index-file.js';
import { fetchMount, keyDirectory, setup } from './script.js';

/**
 * Judges a package by what rpmkeys prints of it. `dnf download` compares hashes and checks no
 * signature. `_pkgverify_level all` makes rpm 4.16 and later refuse what is not signed; an older one
 * does not know it, so what it says of each signature and digest is read.
 */
export const checkFunction = String.raw`check() { # <file> <sha256 or ->: says why it is not to be trusted
  if [ "$2" != - ] && [ "$(sha256sum < "$1")" != "$2  -" ]; then
    echo 'its sha256 is not the one of the index: the repository has changed, or it is damaged'
    return 1
  fi
  verdict=$(rpmkeys --dbpath /tmp/keys -D '_pkgverify_level all' -Kv "$1" 2>&1) && status=0 || status=$?
  says() { printf '%s\n' "$verdict" | grep -Eiq "^ +$1"; }
  if says '.*signature.*: BAD'; then echo 'its signature is bad'
  elif says '.*signature.*: NOKEY'; then
    which=$(printf '%s\n' "$verdict" | sed -n 's/.*[Ss]ignature, \(key [^:]*\): NOKEY.*/\1/p' | head -n 1)
    echo "it is signed with a key that is not the repository's ($which)"
  elif says '.*digest: BAD'; then echo 'its content is not what its digest says: damaged or cut short'
  elif ! says '.*signature.*: OK$' && says '.*digest: OK$'; then echo 'it is not signed'
  # A signature of the header alone counts only with a digest of the rest in that header.
  elif says '.*signature.*: OK$' && ! says '(Payload .*digest|[^H ].*signature.*): OK$'; then
    echo 'its signature does not cover its content'
  elif says '.*signature.*: OK$' && [ "$status" = 0 ]; then return 0
  else echo "it cannot be verified: $verdict"
  fi
  return 1
}`;

/** How many packages are checked and unpacked at a time. */
const sideBySide = 4;

const unpackFunction = `unpack() {
  mkdir "$2" || return 1
  # By way of a file: sh knows no status of a pipe's first part.
  rpm2cpio "$1" > "$2.cpio" || return 1
  (cd "$2" && cpio -idm --quiet --no-absolute-filenames < "$2.cpio") || return 1
  rm -f "$2.cpio"
  chmod -R u+rwX,a-s "$2" || return 1
  if [ -n "$(find "$2" ! -type f ! -type d ! -type l | head -n 1)" ]; then
    echo 'it holds something else than files, directories and links'; return 1
  fi
}`;

/**
 * Imports the keys that packages may be signed with, into a database of their own: the user's, or
 * those that the distribution's image is shipped with.
 */
function importKeys({ keys = [], sources }: DnfRepository): string {
  if (sources !== undefined || keys.length > 0) {
    return keys
      .map(
        (_, i) =>
          `rpmkeys --dbpath /tmp/keys --import ${keyDirectory}/${i} >&2 || { echo "badkey|${i}"; exit 1; }`,
      )
      .join('\n');
  }
  // Of the many keys of an image some are of kinds that its own rpm has given up.
  return `rpm -q gpg-pubkey --qf '%{DESCRIPTION}\\n' > /tmp/image-keys 2> /dev/null || true
for key in /etc/pki/rpm-gpg/* /usr/lib/rpm/gnupg/keys/*.asc /tmp/image-keys; do
  if [ -s "$key" ]; then rpmkeys --dbpath /tmp/keys --import "$key" > /dev/null 2>&1 || true; fi
done`;
}

/**
 * Downloads packages, each with others of its arch in one run of dnf, and unpacks those that are what
 * the index says and that a key of the repository has signed: the i-th to /fetch/<i>/root. Prints
 * for each `good|<i>` or `bad|<i>|<why>`; nothing for one that dnf could not download.
 */
export function downloadScript(
  repository: DnfRepository,
  packages: readonly DnfPackage[],
  buildRpmArch: string,
): string {
  const archOf = ({ architecture }: DnfPackage): string =>
    architecture === 'noarch'
      ? (packages.find((item) => item.architecture !== 'noarch')?.architecture ?? buildRpmArch)
      : architecture;
  const archs = [...new Set(packages.map(archOf))];
  const downloads = archs.map((arch) => {
    const words = packages.filter((item) => archOf(item) === arch).map(nevra);
    return `download ${arch} ${shellJoin(words)}`;
  });
  const checks = packages.map(
    (item, i) =>
      `take ${i} ${shellQuote(nevra(item))} ${item.sha256 ?? '-'} &${i % sideBySide === sideBySide - 1 ? '\nwait' : ''}`,
  );
  return `${setup(repository)}
mkdir -p /tmp/keys ${fetchMount}/rpm
rpmkeys --dbpath /tmp/keys --initdb 2> /dev/null || true
${importKeys(repository)}
dnf_download() {
  forced=$1; shift
  run_dnf --forcearch="$forced" --setopt=*.metadata_expire=-1 download --destdir=${fetchMount}/rpm "$@" >&2
}
download() { # <arch> <package>…: all in one run; if that fails, each by itself, for what can be had
  arch=$1; shift
  if dnf_download "$arch" "$@"; then return; fi
  [ $# -gt 1 ] || return 0
  for one in "$@"; do dnf_download "$arch" "$one" || true; done
}
${downloads.join('\n')}
for file in ${fetchMount}/rpm/*.rpm; do
  [ -e "$file" ] || continue
  name=$(rpm -qp --nosignature --nodigest --qf '%{NAME}-%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}.%{ARCH}' "$file" 2> /dev/null) || continue
  case "$name" in *-0:*) name=$(echo "$name" | sed 's/-0:/-/') ;; esac
  case "$name" in */*) continue ;; esac
  [ "$file" != "${fetchMount}/rpm/$name.rpm" ] || continue
  echo "$name" > "$file.is"
  mv "$file" "${fetchMount}/rpm/$name.rpm"
done
take() { # <number> <package> <sha256 or ->
  file=${fetchMount}/rpm/$2.rpm
  if [ -f "$file" ]; then :
  elif [ -f "$file.is" ]; then echo "bad|$1|it is another package: $(cat "$file.is")"; return
  else return 0
  fi
  work=${fetchMount}/unpack-$1
  if why=$(check "$file" "$3") && why=$(unpack "$file" "$work" 2>&1); then
    mkdir ${fetchMount}/$1 && mv "$work" ${fetchMount}/$1/root && echo "good|$1"
  else
    echo "bad|$1|$(echo "$why" | tr '\\n' ' ')"
    rm -rf "$work" "$work.cpio"
  fi
  rm -f "$file"
}
${checkFunction}
${unpackFunction}
${checks.join('\n')}
wait
rm -rf ${fetchMount}/rpm`;
}
