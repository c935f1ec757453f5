/** What a customer's apt must know of a repository. */
export interface AptSource {
  suite: string;
  component: string;
  /** Where the repository's directory is found. */
  url?: string | undefined;
  /** File of the key beside it; undefined for a repository that is not signed. */
  keyring?: string | undefined;
}

/** Where customers put keys (sources.list(5)). */
const keyrings = '/etc/apt/keyrings';

/** The file that tells apt of a repository (deb822): customers put it into /etc/apt/sources.list.d. */
export function sourcesFile({ suite, component, url, keyring }: AptSource): string {
  return [
    ...(url === undefined ? ['# Write the address that you serve this directory at.'] : []),
    ...(keyring === undefined
      ? ['# It is not signed: apt takes it from who adds "Trusted: yes" alone.']
      : [`# Put ${keyring} into ${keyrings}: apt takes what its key has signed alone.`]),
    'Types: deb',
    `URIs: ${url ?? 'https://packages.example.com/apt'}`,
    `Suites: ${suite}`,
    `Components: ${component}`,
    ...(keyring === undefined ? [] : [`Signed-By: ${keyrings}/${keyring}`]),
    '',
  ].join('\n');
}
