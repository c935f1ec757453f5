import { allArchs, hostArch } from '../../src/arch/arch.js';

/** A machine that this one is not. */
export const foreignArch = allArchs().find(({ name }) => name !== hostArch().name)!;
