import { readModuleSummary } from '../../../module/read-module.js';
import type { PackageAbout } from '../../dkms/source-package.js';
import type { ReleaseProject } from '../release-project.js';

/** Where it is said who may do what with modules. */
export const moduleTerms = 'Each module says its terms in MODULE_LICENSE, which modinfo shows.';

/** What is said of a project, with the licence of its modules where it names none. */
export function aboutOf({ about, kernels }: ReleaseProject): PackageAbout {
  const licenses = kernels.flatMap(({ modules }) =>
    modules.flatMap(({ plain }) => readModuleSummary(plain).modinfo.license ?? []),
  );
  const license = about.license ?? [...new Set(licenses)].sort().join(' and ');
  return { ...about, ...(license !== '' && { license }) };
}
