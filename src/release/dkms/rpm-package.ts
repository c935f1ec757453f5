import { renderTemplate } from '../../data/template.js';
import { describePackage } from './about.js';
import type { PackageRecipe } from '../pack/recipe.js';
import { rpmVersion } from '../pack/rpm/rpm-version.js';
import { rpmRecipe } from '../pack/rpm/rpmbuild.js';
import { plain, plainLine } from '../pack/rpm/spec-text.js';
import { rpmName } from './package-name.js';
import { treeName, type SourcePackage } from './source-package.js';

/**
 * The rpm of a source tree: the sources in /usr/src, and scriptlets that register and build them.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError DKMS_PACK_VERSION, DKMS_PACK_VALUE
 */
export function rpmPackage(sources: SourcePackage, epoch: number): PackageRecipe {
  const { name, needs, about, depends } = sources;
  const rpm = rpmName(name);
  const { version, release } = rpmVersion(sources.version, 'DKMS_PACK_VERSION');
  const { summary, description } = describePackage(sources);
  const spec = renderTemplate('dkms/spec.eta', {
    rpm,
    rpmVersion: version,
    rpmRelease: release,
    name,
    version: sources.version,
    tree: treeName(sources),
    summary: plain(summary),
    description: description.map(plainLine),
    license: plain(about.license ?? 'see sources'),
    homepage: about.homepage === undefined ? undefined : plain(about.homepage),
    packager: about.maintainer === undefined ? undefined : plain(about.maintainer),
    requires: [needs.includes('exclusive') ? 'dkms >= 3.0.11' : 'dkms', ...depends.map(rpmName)],
  });
  const file = `${rpm}-${version}-${release}.noarch.rpm`;
  return rpmRecipe({ file, spec, tree: sources.entries, arch: 'noarch' }, epoch);
}
