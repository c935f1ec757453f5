/**
 * The file that tells dnf and zypper of a repository: customers put it into /etc/yum.repos.d (zypper:
 * /etc/zypp/repos.d).
 * @param name the repository's id
 * @param url where the repository's directory is found
 * @param signed its index and its packages are, and the key lies beside them
 */
export function repoFile(name: string, url: string | undefined, signed: boolean): string {
  const base = (url ?? 'https://packages.example.com/yum').replace(/\/+$/, '');
  const unknown = '# Write the address that you serve this directory at.\n';
  return `${url === undefined ? unknown : ''}[${name}]
name=Kernel modules of ${name}
baseurl=${base}
enabled=1
repo_gpgcheck=${signed ? 1 : 0}
gpgcheck=${signed ? 1 : 0}
${signed ? `gpgkey=${base}/RPM-GPG-KEY-${name}\n` : ''}`;
}
