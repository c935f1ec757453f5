import type { Arch } from '../../arch/arch.js';
import { selects, type Selector } from '../selector.js';
import type { AvailableKernel } from './package-manager.js';

/** A kernel that is wanted: the first of these that can be had. */
export type Choices = [AvailableKernel, ...AvailableKernel[]];

/**
 * The kernels that a selector names.
 * @param kernels the newest first
 * @param archs those that are taken where the selector names no single release
 */
export function selectKernels(
  kernels: readonly AvailableKernel[],
  selector: Selector,
  archs: readonly Arch[],
): Choices[] {
  const matching = kernels.filter(({ release, stock }) => selects(selector, release, stock));
  const ofArchs = matching.filter((kernel) => archs.some(({ name }) => name === kernel.arch));
  if (selector.match.kind === 'release') {
    // A release is for the arch that it is for, whatever is the default; openSUSE's are for several.
    return (ofArchs.length > 0 ? ofArchs : matching).map((kernel) => [kernel]);
  }
  if (!selector.latest) return ofArchs.map((kernel) => [kernel]);
  return archs.flatMap(({ name }) => {
    const ofArch = ofArchs.filter(({ arch }) => arch === name);
    // Of several flavours the distribution's own is meant, unless none of it matches.
    const stock = ofArch.filter((kernel) => kernel.stock);
    const [first, ...others] = stock.length > 0 ? stock : ofArch;
    return first === undefined ? [] : [[first, ...others] satisfies Choices];
  });
}
