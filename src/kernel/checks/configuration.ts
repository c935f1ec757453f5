import { parseKernelConfig, type KernelConfig } from '../config.js';
import { kdirFinding } from '../findings.js';
import { readText } from '../read-text.js';
import { some, type KdirCheck } from './subject.js';

/** Symbols that decide what a module is taken for: those of the vermagic (include/linux/vermagic.h). */
const decisive =
  /^CONFIG_(SMP|PREEMPT(_BUILD|_RT)?|MODULE_UNLOAD|MODVERSIONS|RANDSTRUCT|GCC_PLUGIN_RANDSTRUCT)$/;

/**
 * The .config agrees, symbol by symbol, with what modules are compiled with. Times are not looked
 * at: Kbuild does not mind them for modules, and copies make their own.
 */
export const checkConfiguration: KdirCheck = ({ config, find, arch }) => {
  const differences = [
    ...differencesOf('include/config/auto.conf', find, (text) => [config, parseKernelConfig(text)]),
    ...differencesOf('include/generated/autoconf.h', find, (text) => [
      asDefines(config),
      parseAutoconf(text),
    ]),
  ];
  const symbols = [...new Set(differences.map(({ symbol }) => symbol))];
  if (symbols.length === 0) return [];
  const grave = symbols.filter((symbol) => decisive.test(symbol) || symbol === arch?.config);
  const [first] =
    grave.length > 0 ? differences.filter(({ symbol }) => symbol === grave[0]) : differences;
  const one = first === undefined ? '' : ` (${first.what})`;
  const count = symbols.length === 1 ? '1 symbol' : `${symbols.length} symbols`;
  const names = some([...grave, ...symbols.filter((symbol) => !grave.includes(symbol))]);
  const message = `the .config and what modules are compiled with differ in ${count}: ${names}${one}`;
  return grave.length > 0
    ? [kdirFinding('KDIR_CONFIG_STALE', 'error', message)]
    : [kdirFinding('KDIR_CONFIG_DIFFERS', 'warning', message)];
};

interface Difference {
  symbol: string;
  what: string;
}

function differencesOf(
  name: string,
  find: (name: string) => string | undefined,
  read: (text: string) => [here: KernelConfig, there: KernelConfig],
): Difference[] {
  const file = find(name);
  if (file === undefined) return [];
  const [here, there] = read(readText(file));
  return [...new Set([...here.keys(), ...there.keys()])].flatMap((key) => {
    const [ours, theirs] = [plain(here.get(key)), plain(there.get(key))];
    if (ours === theirs) return [];
    return [{ symbol: key, what: `${key} is ${ours} in .config, ${theirs} in ${name}` }];
  });
}

/** A value for comparing: quotes, backslashes and 0x are written in ways that changed over time. */
const plain = (value: string | undefined): string =>
  value === undefined || value === 'n' ? 'not set' : value.replaceAll(/["\\]|^0x/g, '');

/** A configuration as the defines that Kconfig makes of it: `m` is a define of another name. */
function asDefines(config: KernelConfig): KernelConfig {
  const define = ([symbol, value]: [string, string]): [string, string] => {
    if (value === 'm') return [`${symbol}_MODULE`, '1'];
    return [symbol, value === 'y' ? '1' : value];
  };
  return new Map([...config].map(define));
}

/** include/generated/autoconf.h: `#define CONFIG_SMP 1`, `#define CONFIG_EXT4_FS_MODULE 1`. */
function parseAutoconf(text: string): KernelConfig {
  const defines = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/^#define (CONFIG_\w+) (.*)$/gm)) {
    if (name !== undefined && value !== undefined) defines.set(name, value);
  }
  return defines;
}
