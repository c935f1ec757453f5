import { shellQuote } from '../runtime/shell.js';
import { guestModules, type Load, type TestCase } from './test-case.js';

/** The numbers that a guest knows the modules of a case by: their places in `guestModules`. */
export const moduleNumbers = (testCase: TestCase): ReadonlyMap<string, number> =>
  new Map(guestModules(testCase).map(({ name }, i) => [name, i]));

/** A load as words for the shell: number, module, file, need, parameters. */
export function loadWords(
  { module, parameters, required }: Load,
  numbers: ReadonlyMap<string, number>,
  place: ReadonlyMap<string, string>,
): string {
  const words = [module.name, `/${place.get(module.file) ?? ''}`];
  words.push(required ? 'required' : 'optional', ...parameters);
  return [numbers.get(module.name) ?? '', ...words.map(shellQuote)].join(' ');
}

/**
 * What the guest's modprobe sources while a case goes on: loads what `kt_name` stands for, and sets `kt_known`
 * if that is anything.
 * @param place where modules' files lie in the guest
 */
export function requestScript(
  testCase: TestCase,
  nonce: string,
  place: ReadonlyMap<string, string>,
): string {
  const { lookups, loads } = testCase.requests;
  const numbers = moduleNumbers(testCase);
  const functions = Object.entries(loads).map(([name, all]) => {
    const lines = all.map((load) => `kt_serve ${loadWords(load, numbers, place)}`);
    return `kt_load_${name.replaceAll(/\W/g, '_')}() {\n${[...lines, ':'].join(' &&\n')}\n}`;
  });
  const stages = lookups.map((list) => {
    const patterns = new Map<string, string[]>();
    for (const { pattern, module = '' } of list) {
      patterns.set(module, [...(patterns.get(module) ?? []), shellPattern(pattern)]);
    }
    const cases = [...patterns].map(([module, all]) => {
      const load = module === '' ? '' : `; kt_load_${module.replaceAll(/\W/g, '_')}`;
      return `case $kt_name in ${all.join('|')}) kt_known=yes${load} ;; esac`;
    });
    return `if [ -z "$kt_known" ]; then\n${cases.join('\n')}\nfi`;
  });
  const said = `kt_nonce=${shellQuote(nonce)}\nkt_say asked $$ "$kt_asked"`;
  return `${[said, ...functions, ...stages].join('\n')}\n`;
}

/** A glob of fnmatch(3) as a pattern of the shell's `case`: what is not special in it is quoted. */
export function shellPattern(glob: string): string {
  return glob.replaceAll(/(\[[^\]]*\]|[*?])|\\(.)|[^[*?\\]+|./gs, (part, special, escaped) => {
    if (special === undefined) return quoted((escaped as string | undefined) ?? part);
    return part.replaceAll(/[^\w[\]*?!^-]/g, '\\$&');
  });
}

/** Always in quotes: `esac` is a word of the shell's. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
