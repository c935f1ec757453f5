/** A kernel's `.config`: each symbol with `y`, `m`, a number or an unquoted string. */
export type KernelConfig = ReadonlyMap<string, string>;

/** Parses a `.config`. Symbols that are "not set" are absent, as for the kernel's own code. */
export function parseKernelConfig(text: string): KernelConfig {
  const config = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, raw] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || raw === undefined) continue;
    const [, quoted] = /^"(.*)"$/.exec(raw) ?? [];
    config.set(name, quoted === undefined ? raw : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  return config;
}

export const isSet = (config: KernelConfig, name: string): boolean => config.get(name) === 'y';
