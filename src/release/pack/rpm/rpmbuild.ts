import type { PackageRecipe } from '../recipe.js';
import type { TreeEntry } from '../tree-entry.js';

/**
 * What rpmbuild does not do by itself: it compiles, strips and looks into nothing, and writes nothing
 * of where and when it runs. Any rpm can read the payload.
 */
const defines = [
  'debug_package %{nil}',
  '__os_install_post %{nil}',
  '_build_id_links none',
  '_binary_payload w9.gzdio',
  '_buildhost kbuild-ts',
  'use_source_date_epoch_as_buildtime 1',
];

/** What an rpm is made of. */
export interface RpmParts {
  /** `<name>-<version>-<release>.<arch>.rpm`. */
  file: string;
  /** The spec file; `%{source}` is the directory that has `tree`. */
  spec: string;
  /** Files, relative to `%{source}/tree`. */
  tree: readonly TreeEntry[];
  /** rpm's name of the architecture, or `noarch`. */
  arch: string;
}

/**
 * Makes an rpm with rpmbuild. Equal parts give equal bytes.
 * @param epoch seconds since 1970: the time of all that is in it
 */
export function rpmRecipe({ file, spec, tree, arch }: RpmParts, epoch: number): PackageRecipe {
  const words = defines.map((define) => `--define '${define}'`);
  return {
    name: file,
    entries: [
      { path: 'package.spec', content: spec, executable: false },
      ...tree.map((entry) => ({ ...entry, path: `tree/${entry.path}` })),
    ],
    script: [
      'set -e',
      `export SOURCE_DATE_EPOCH=${epoch}`,
      `rpmbuild -bb --target ${arch} ${words.join(' ')} --define "source $SRC" --define "_topdir $TMP" --define "_tmppath $TMP" --define "_rpmdir $TMP" --define '_rpmfilename package.rpm' "$SRC/package.spec"`,
      'mv "$TMP/package.rpm" "$OUT"',
    ].join('\n'),
  };
}
