import { hostArch } from '../../../arch/arch.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import type { AptRepository } from '../../repository.js';
import { fetchPackages } from '../fetch-packages.js';
import { indexTime } from '../index-cache.js';
import type { ProviderContext } from '../port.js';
import { aptIndex, aptManager } from './apt.js';
import type { AptPackage } from './index-file.js';
import { compareDebianVersions } from './version.js';

/**
 * Fetches a package of host tools (`linux-kbuild-6.1`) for the build machine from whichever
 * repository has it: in this version if any has, else the newest.
 * @returns the directory that holds its files
 * @throws KbuildError FETCH_FAILED
 */
export async function fetchHostTools(
  name: string,
  version: string | undefined,
  context: ProviderContext,
): Promise<string> {
  const found: { repository: AptRepository; item: AptPackage }[] = [];
  const failures: string[] = [];
  for (const repository of byLastRead(context)) {
    try {
      const index = await aptIndex(repository, context);
      const fitting = index.filter(
        (item) => item.name === name && item.architecture === hostArch().debian,
      );
      found.push(...fitting.map((item) => ({ repository, item })));
    } catch (error) {
      if (!(error instanceof KbuildError) || !/^(FETCH|IMAGE)_/.test(error.code)) throw error;
      failures.push(error.message);
    }
    if (found.some(({ item }) => item.version === version)) break;
  }
  found.sort((a, b) => compareDebianVersions(b.item.version, a.item.version));
  const chosen = found.find(({ item }) => item.version === version) ?? found[0];
  if (chosen === undefined) throw nowhere(name, failures);
  const { repository, item } = chosen;
  const title = `host tools ${name}`;
  const downloads = await fetchPackages(repository, aptManager, [item], title, context);
  const download = downloads.get(item);
  if (download === undefined) throw nowhere(name, failures);
  if ('error' in download) throw download.error;
  return `${download.directory}/root`;
}

/** The repositories of apt, those first whose index is here already. */
function byLastRead(context: ProviderContext): AptRepository[] {
  return context.repositories
    .filter((repository) => repository.manager === 'apt')
    .sort((a, b) => indexTime(b, context) - indexTime(a, context));
}

function nowhere(name: string, failures: readonly string[]): KbuildError {
  return new KbuildError(
    'FETCH_FAILED',
    `no repository has the host tools ${name} for ${hostArch().name}${failures.map((why) => `; ${why}`).join('')}`,
    `Install the package on this machine, or describe a repository that has it: --repository.`,
  );
}
