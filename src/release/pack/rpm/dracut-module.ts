import { renderTemplate } from '../../../data/template.js';
import { shellJoin } from '../../../runtime/shell.js';
import type { ReleaseProject } from '../release-project.js';
import type { TreeEntry } from '../tree-entry.js';
import { checkWord } from './words.js';

/**
 * The file that has dracut take a project's modules into an initramfs (dracut.modules(7)): by itself it
 * takes what a machine boots from. None where the project does not want it.
 *
 * It is no `add_drivers` in a dracut.conf: from the first module on that a kernel lacks, dracut leaves
 * out all that are named there, other packages' too. Of these here, it takes those that there are.
 * @throws KbuildError PACKAGE_MODULES
 */
export function dracutModule({ name, initramfs, kernels }: ReleaseProject): TreeEntry[] {
  if (!initramfs) return [];
  const modules = kernels.flatMap((kernel) => kernel.modules.map((module) => module.name));
  const words = [...new Set(modules)].sort().map((module) => checkWord(module, 'module'));
  return [
    {
      // dracut has modules of its own, such as multipath: theirs are called otherwise.
      path: `usr/lib/dracut/modules.d/90kmod-${name}/module-setup.sh`,
      content: renderTemplate('package/dracut-module.eta', { name, modules: shellJoin(words) }),
      executable: true,
    },
  ];
}
