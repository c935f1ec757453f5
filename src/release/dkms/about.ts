import { describe, type Description } from '../pack/describe.js';
import type { SourcePackage } from './source-package.js';

/**
 * What a package of sources says of itself.
 * @throws KbuildError DKMS_PACK_VALUE
 */
export function describePackage(sources: SourcePackage): Description {
  const { name } = sources;
  const own = {
    summary: `kernel modules of ${name} for DKMS`,
    description: [
      `The sources of the kernel modules of ${name}, which DKMS builds for`,
      'every kernel that is installed.',
    ],
  };
  return describe(sources, own, 'DKMS_PACK_VALUE');
}
