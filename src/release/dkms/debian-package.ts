import { renderTemplate } from '../../data/template.js';
import { debianVersion } from '../pack/deb/debian-version.js';
import { debRecipe } from '../pack/deb/deb-recipe.js';
import type { PackageRecipe } from '../pack/recipe.js';
import { describePackage } from './about.js';
import { debianName } from './package-name.js';
import { treeName, type SourcePackage } from './source-package.js';

/**
 * The Debian package of a source tree: the sources in /usr/src, and maintainer scripts that do what
 * those of dh_dkms do.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError DKMS_PACK_VERSION, DKMS_PACK_VALUE
 */
export function debianPackage(sources: SourcePackage, epoch: number): PackageRecipe {
  const { name, version, needs } = sources;
  const deb = debianName(name);
  const data = { deb, name, version };
  return debRecipe(
    {
      deb,
      version: debianVersion(version, 'DKMS_PACK_VERSION'),
      architecture: 'all',
      project: sources,
      terms: 'Each file of the sources says its terms, and each module in MODULE_LICENSE.',
      description: describePackage(sources),
      relations: {
        Depends: [
          // The first that knows the limits on kernels, as dh_dkms has it.
          needs.includes('exclusive') ? 'dkms (>= 3.0.11)' : 'dkms (>= 2.1.0.0)',
          ...sources.depends.map(debianName),
        ],
      },
      files: sources.entries.map((entry) => ({
        ...entry,
        path: `usr/src/${treeName(sources)}/${entry.path}`,
      })),
      scripts: {
        postinst: renderTemplate('dkms/postinst.eta', data),
        prerm: renderTemplate('dkms/prerm.eta', data),
      },
    },
    epoch,
  );
}
