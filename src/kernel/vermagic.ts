import type { Arch } from '../arch/arch.js';
import { isSet, type KernelConfig } from './config.js';

/**
 * The vermagic that a module for this kernel must carry (include/linux/vermagic.h, 5.10 to 7.x):
 * `UTS_RELEASE [SMP ][preempt |preempt_rt ][mod_unload ][modversions ]ARCH`, trailing blanks
 * included, as the string stands in the module. Undefined where it cannot be computed:
 * RANDSTRUCT adds a hash of the build's seed.
 */
export function expectedVermagic(
  release: string,
  config: KernelConfig,
  arch: Arch,
): string | undefined {
  if (isSet(config, 'CONFIG_RANDSTRUCT') || isSet(config, 'CONFIG_GCC_PLUGIN_RANDSTRUCT')) {
    return undefined;
  }
  const words = [
    release,
    isSet(config, 'CONFIG_SMP') && 'SMP',
    // CONFIG_PREEMPT_BUILD (5.13 and later) is set by full and by dynamic preemption.
    isSet(config, 'CONFIG_PREEMPT_BUILD') || isSet(config, 'CONFIG_PREEMPT')
      ? 'preempt'
      : isSet(config, 'CONFIG_PREEMPT_RT') && 'preempt_rt',
    isSet(config, 'CONFIG_MODULE_UNLOAD') && 'mod_unload',
    isSet(config, 'CONFIG_MODVERSIONS') && 'modversions',
    arch.vermagic,
  ];
  return words
    .map((word) => (word === false ? '' : `${word} `))
    .join('')
    .slice(0, -1);
}
