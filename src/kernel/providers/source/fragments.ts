import { KbuildError } from '../../../errors/kbuild-error.js';
import { readBounded } from '../../../storage/read-bounded.js';
import { invalid, type SourceDescription } from './description.js';

/** A piece of configuration, as merge_config.sh takes it. */
export interface Fragment {
  name: string;
  text: string;
}

/** Values as `.config` has them, `n` for what is not set; by symbols. */
type Values = ReadonlyMap<string, string>;

const assignment = /^(CONFIG_\w+)=(.*)$/;
const unset = /^# (CONFIG_\w+) is not set$/;

/**
 * The fragments of a description, `set` and `localversion` as the last.
 * @throws KbuildError KERNEL_SOURCE_INVALID for a line that Kconfig would pass over
 */
export function fragmentsOf(description: SourceDescription): Fragment[] {
  const files = description.fragments.map((name) => ({ name, text: textOf(name) }));
  const last = Object.entries(description.set);
  const { localversion } = description;
  if (localversion !== undefined) last.push(['CONFIG_LOCALVERSION', `"${localversion}"`]);
  const text = last.map(([symbol, value]) =>
    value === 'n' ? `# ${symbol} is not set\n` : `${symbol}=${value}\n`,
  );
  return last.length === 0 ? files : [...files, { name: 'set', text: text.join('') }];
}

function textOf(file: string): string {
  const text = readBounded(file).toString().replaceAll('\r\n', '\n');
  const lines = text.split('\n');
  const bad = lines.findIndex((line) => !assignment.test(line) && !/^\s*(?:#.*)?$/.test(line));
  if (bad >= 0) {
    throw invalid(
      `${file}:${bad + 1}: '${(lines[bad] ?? '').slice(0, 80)}' is no line of a kernel's configuration`,
      "Write CONFIG_<symbol>=<value>, or '# CONFIG_<symbol> is not set'.",
    );
  }
  return text.endsWith('\n') ? text : `${text}\n`;
}

function valuesOf(text: string): Values {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, symbol, value] = assignment.exec(line) ?? [];
    const [, off] = unset.exec(line) ?? [];
    if (symbol !== undefined && value !== undefined) values.set(symbol, normal(value.trim()));
    else if (off !== undefined) values.set(off, 'n');
  }
  return values;
}

/** Kconfig writes hexadecimal digits as it read them. */
const normal = (value: string): string =>
  /^0x[\da-f]+$/i.test(value) ? value.toLowerCase() : value;

/**
 * Refuses a configuration that is not what the fragments asked for: Kconfig drops, without a word,
 * what it does not know and what something else forbids.
 * @param config the text of `.config`
 * @throws KbuildError KERNEL_SOURCE_CONFIG naming each symbol
 */
export function checkConfig(fragments: readonly Fragment[], config: string, what: string): void {
  const actual = valuesOf(config);
  const wanted = new Map<string, { value: string; origin: string }>();
  for (const { name, text } of fragments) {
    for (const [symbol, value] of valuesOf(text)) wanted.set(symbol, { value, origin: name });
  }
  const differences = [...wanted].flatMap(([symbol, { value, origin }]) => {
    const found = actual.get(symbol) ?? 'n';
    // An empty string is what a string symbol is without a value.
    if (found === value || (value === '""' && found === 'n')) return [];
    const has = actual.has(symbol) ? found : 'not set';
    return [`${symbol}: wanted ${value}, is ${has} (${origin})`];
  });
  if (differences.length === 0) return;
  throw new KbuildError(
    'KERNEL_SOURCE_CONFIG',
    `${what} cannot be configured as asked; ${differences.length === 1 ? 'this symbol' : 'these symbols'} did not take effect: ${differences.join('; ')}`,
    "What a symbol depends on must be set too: 'make menuconfig' in the source shows it after '/'. A symbol that no Kconfig file knows is dropped; one that another selects cannot be unset.",
  );
}
