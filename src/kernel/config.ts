/** A kernel's `.config`: each symbol with `y`, `m`, a number or an unquoted string. */
export type KernelConfig = ReadonlyMap<string, string>;

/** The last few texts that were parsed: a plan and a run read the same ones. */
const parsed = new Map<string, KernelConfig>();
const mostParsed = 8;

/** Parses a `.config`. Symbols that are "not set" are absent, as for the kernel's own code. */
export function parseKernelConfig(text: string): KernelConfig {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const config = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('CONFIG_')) continue; // half of them are comments
    const [, name, raw] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || raw === undefined) continue;
    const [, quoted] = /^"(.*)"$/.exec(raw) ?? [];
    config.set(name, quoted === undefined ? raw : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  const [oldest] = parsed.keys();
  if (parsed.size >= mostParsed && oldest !== undefined) parsed.delete(oldest);
  parsed.set(text, config);
  return config;
}

export const isSet = (config: KernelConfig, name: string): boolean => config.get(name) === 'y';
