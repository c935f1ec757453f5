import type { Package } from '../package-manager.js';

/** A version of a binary package, as an apt repository's index describes it. */
export interface AptPackage extends Package {
  depends: string[];
  sha256: string;
  /** Where the repository has it. */
  uri: string;
}

/** Names of packages and architectures (Debian Policy 5.6.7, 5.6.8), and versions (5.6.12). */
const isName = /^[a-z0-9][a-z0-9+.-]*$/;
const isVersion = /^[A-Za-z0-9][A-Za-z0-9.+~:-]*$/;

/** The packages of an index, as the script for it prints them; each once. */
export function parseAptIndex(text: string): AptPackage[] {
  const packages = new Map<string, AptPackage>();
  for (const stanza of text.split(/\n{2,}/)) {
    const fields = new Map(
      stanza.split('\n').map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)] as const;
      }),
    );
    const field = (name: string): string => fields.get(name) ?? '';
    const [name, version, architecture] = [
      field('Package'),
      field('Version'),
      field('Architecture'),
    ];
    const sha256 = field('SHA256');
    // These words become paths and arguments.
    if (!isName.test(name) || !isVersion.test(version) || !isName.test(architecture)) continue;
    if (!/^[0-9a-f]{64}$/.test(sha256)) continue;
    const size = Number(field('Size') || Number.NaN);
    const key = `${name} ${version} ${architecture}`;
    if (packages.has(key)) continue; // as for all archs, or in several pockets
    packages.set(key, {
      name,
      version,
      architecture,
      depends: field('Depends').split(/,\s*/).filter(Boolean).map(dependencyName),
      sha256,
      ...(Number.isSafeInteger(size) && size > 0 && { size }),
      uri: field('X-Repository') + field('Filename'),
    });
  }
  return [...packages.values()];
}

/** Of `linux-kbuild-6.1 (>= 6.1.192-2)` the name; of alternatives that of the first. */
const dependencyName = (text: string): string => text.split(/[\s(|:]/, 1)[0] ?? '';
