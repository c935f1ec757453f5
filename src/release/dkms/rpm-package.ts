import { renderTemplate } from '../../data/template.js';
import { describePackage } from './about.js';
import type { PackageRecipe } from '../pack/recipe.js';
import { rpmName, rpmVersion } from './package-name.js';
import { treeName, type SourcePackage } from './source-package.js';

/** A text as a spec file has it: a % would begin a macro. */
const plain = (text: string): string => text.replaceAll('%', '%%');

/**
 * A line of a description. rpmbuild makes one % of two before it looks whether a line begins a
 * section (`%pre`) or is a directive (`%include`), blanks before it or not: no line may begin so.
 */
const plainLine = (text: string): string => plain(text.replace(/^\s*(?=%)/, '- '));

/**
 * The rpm of a source tree: the sources in /usr/src, and scriptlets that register and build them.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError DKMS_PACK_VERSION, DKMS_PACK_VALUE
 */
export function rpmPackage(sources: SourcePackage, epoch: number): PackageRecipe {
  const { name, needs, about, depends } = sources;
  const rpm = rpmName(name);
  const { version, release } = rpmVersion(sources.version);
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
  return {
    name: file,
    entries: [
      { path: 'package.spec', content: spec, executable: false },
      ...sources.entries.map((entry) => ({ ...entry, path: `tree/${entry.path}` })),
    ],
    script: [
      'set -e',
      `export SOURCE_DATE_EPOCH=${epoch}`,
      `rpmbuild -bb --target noarch --define "source $SRC" --define "_topdir $TMP" --define "_tmppath $TMP" --define "_rpmdir $TMP" --define '_rpmfilename package.rpm' "$SRC/package.spec"`,
      'mv "$TMP/package.rpm" "$OUT"',
    ].join('\n'),
  };
}
