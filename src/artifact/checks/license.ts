import type { Modinfo } from '../../module/modinfo.js';
import { finding, type Check } from './subject.js';

/** Licences that may use GPL-only symbols (include/linux/license.h, license_is_gpl_compatible). */
const gplCompatible = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** Whether the kernel takes a module's licence as compatible with its own. */
export function isGplCompatible({ license: [license = ''] = [] }: Modinfo): boolean {
  return gplCompatible.has(license);
}

/** That it declares a licence. */
export const checkLicense: Check = ({ info: { modinfo } }) =>
  modinfo.license === undefined
    ? [finding('LICENSE_MISSING', 'warning', 'the module has no MODULE_LICENSE')]
    : [];
