import { allArchs, hostArch } from '../../../arch/arch.js';
import { shellQuote } from '../../../runtime/shell.js';
import type { AptRepository } from '../../repository.js';

/** What a script for apt depends on besides the repository. */
export interface AptOptions {
  allowExpired: boolean;
}

/** Where the files of a repository's own keys are mounted. */
export const keyDirectory = '/keys';

/**
 * Directories of apt's own, so that no root and no system state is needed, and the sources of a
 * repository: the image's, other suites of the image's mirror, or the user's.
 */
function setup(repository: AptRepository, { allowExpired }: AptOptions): string {
  const { suite, pockets = [], sources, keys = [] } = repository;
  const archs = repository.native === true ? [hostArch()] : allArchs();
  const own = pockets.length > 0 || sources !== undefined;
  return [
    'set -eu',
    'export PATH="$PATH:/usr/lib/apt" LC_ALL=C',
    'mkdir -p /apt/lists/partial /tmp/apt/cache /tmp/apt/sources.list.d /tmp/apt/trusted && : > /tmp/apt/status',
    'cat > /tmp/apt/conf <<END', // not shared: several containers may run at once
    'Dir::State "/apt"; Dir::State::lists "/apt/lists"; Dir::State::status "/tmp/apt/status";',
    'Dir::Cache "/tmp/apt/cache"; Dir::Log "/tmp/apt"; APT::Sandbox::User "";',
    'Acquire::Languages "none"; Acquire::GzipIndexes "true"; Acquire::Retries "3";',
    `APT::Architectures { ${archs.map(({ debian }) => `"${debian}";`).join(' ')} };`,
    ...(allowExpired ? ['Acquire::Check-Valid-Until "false";'] : []),
    'END',
    'export APT_CONFIG=/tmp/apt/conf',
    ...pockets.flatMap((pocket) => [
      // The mirror that the image is configured for, as apt would ask it for its own suite.
      `apt-get update --print-uris | sed -n "s#^'\\(.*\\)/dists/${suite ?? ''}/InRelease'.*#deb \\1 ${pocket} main#p" | sort -u >> /tmp/apt/sources.list.d/pockets.list`,
    ]),
    ...(sources === undefined
      ? []
      : [`printf '%s\\n' ${shellQuote(sources)} > /tmp/apt/sources.list.d/own.sources`]),
    ...keys.map((_, i) => `cp ${keyDirectory}/${i}/* /tmp/apt/trusted/`),
    ...(own
      ? [
          'echo \'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "/tmp/apt/sources.list.d";\' >> /tmp/apt/conf',
        ]
      : []),
    ...(sources === undefined
      ? []
      : [
          'echo \'Dir::Etc::trusted "/dev/null"; Dir::Etc::trustedparts "/tmp/apt/trusted";\' >> /tmp/apt/conf',
        ]),
  ].join('\n');
}

/**
 * Brings the lists up to date and prints what is to be known of all packages of kernels.
 * @param others names of packages that are wanted besides
 */
export function indexScript(
  repository: AptRepository,
  options: AptOptions,
  others: readonly string[] = [],
): string {
  // An awk string: names hold none of its special characters (repository-schema.ts).
  const images = (repository.kernels.image?.packages ?? []).map((name) => name.split('{', 1)[0]);
  const wanted = [
    '/headers|kbuild|kernel|Package: linux-/',
    ...images.map((beginning) => `index($2, "${beginning}") == 1`),
    ...others.map((name) => `$2 == "${name}"`),
  ];
  return `${setup(repository, options)}
exec 9> /apt/lock && flock 9
apt-get -q -o APT::Update::Error-Mode=any -o pkgCacheFile::Generate=false update >&2
apt-get indextargets --format '$(FILENAME) $(REPO_URI)' 'Created-By: Packages' > /tmp/apt/targets
while read -r file uri; do
  { apt-helper cat-file "$file" || echo "X-Unreadable: $file"; } | awk -v uri="$uri" '
    /^X-Unreadable: / { unreadable = 1 }
    /^$/ { wanted = 0 }
    /^Package: / { wanted = ${wanted.join(' || ')}; if (wanted) print "\\nX-Repository: " uri }
    wanted && /^(Package|Version|Architecture|Depends|Filename|Size|SHA256): /
    END { exit unreadable }'
done < /tmp/apt/targets`;
}

/** A file to be fetched: its address, and what it must hash to. */
export interface AptFile {
  uri: string;
  sha256: string;
}

/**
 * Downloads files side by side with apt's own means, and unpacks those that are what the index
 * says: the i-th to /fetch/<i>/root. Prints the number of each that was.
 */
export function downloadScript(
  repository: AptRepository,
  files: readonly AptFile[],
  options: AptOptions,
): string {
  const words = files.flatMap(({ uri, sha256 }, i) => [
    shellQuote(uri),
    `/fetch/${i}.deb`,
    shellQuote(`SHA256:${sha256}`),
  ]);
  const unpack = files.map(
    ({ sha256 }, i) => `unpack ${i} ${shellQuote(sha256)} &${i % 4 === 3 ? '\nwait' : ''}`,
  );
  // What broke off lies there too, and apt has not looked at it.
  return `${setup(repository, options)}
apt-helper -q -o APT::Status-Fd=2 download-file ${words.join(' ')} >&2 || true
unpack() {
  deb="/fetch/$1.deb"
  if [ -e "$deb" ]; then
    echo "$2  $deb" | sha256sum --check --status &&
      mkdir "/fetch/$1" && dpkg-deb -x "$deb" "/fetch/$1/root" && echo "$1"
  fi
  rm -f "$deb"
}
${unpack.join('\n')}
wait`;
}
