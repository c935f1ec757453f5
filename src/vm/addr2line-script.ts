import { shellJoin, shellQuote } from '../runtime/shell.js';

/** Addresses of one file to be looked up. */
export interface AddressQuery {
  /** The file as the script sees it. */
  file: string;
  /** The section that the addresses count from, in a file that is not linked. */
  section?: string;
  addresses: readonly bigint[];
}

/** What the script prints before the answers to a query. */
const mark = 'query ';

/** Where LLD is told to put a section: none is as large. */
const sectionBase = 0x1000_0000n;

const hex = (value: bigint) => `0x${value.toString(16)}`;

/**
 * A shell script that looks up all addresses, in the order given, with GNU's addr2line of the triple. Where it
 * is not there, LLVM's must do: it cannot be told a section, so the file is linked first, as far as it can be.
 * Without either it prints nothing.
 */
export function addr2lineScript(queries: readonly AddressQuery[], triple: string): string {
  const tool = `${triple}-addr2line`;
  const options = ['-a', '-f', '-i'];
  const gnu = queries.map(({ file, section, addresses }) => {
    const within = section === undefined ? [] : ['-j', section];
    return shellJoin([tool, ...options, '-e', file, ...within, ...addresses.map(hex)]);
  });
  const llvm = queries.map(({ file, section, addresses }) => {
    const find = (of: string, base: bigint) =>
      `llvm-addr2line ${shellJoin([...options, '-e', of, ...addresses.map((a) => hex(base + a))])}`;
    if (section === undefined) return find(file, 0n);
    const linked = '/tmp/linked';
    const link = [
      ...['ld.lld', '--noinhibit-exec', '--unresolved-symbols=ignore-all'],
      ...['-z', 'keep-text-section-prefix', '-e', '0'],
      ...[`--section-start=${section}=${hex(sectionBase)}`, file, '-o', linked],
    ];
    return `${shellJoin(link)} 2> /dev/null; ${find(linked, sectionBase)}; rm -f ${linked}`;
  });
  const branch = (commands: string[]) =>
    commands.map((command, i) => `echo ${shellQuote(`${mark}${i}`)}; ${command}`).join('\n');
  return [
    `if command -v ${tool} > /dev/null; then`,
    branch(gnu),
    'elif command -v llvm-addr2line > /dev/null && command -v ld.lld > /dev/null; then',
    branch(llvm),
    'fi',
    'true',
  ].join('\n');
}

/** A place in the sources: `/build/hello/hello.c`, 12. */
export interface SourcePlace {
  file: string;
  line: number;
}

/**
 * What the script printed: for each query, for each of its addresses, the places, the innermost
 * inlined function first. Empty where nothing is known.
 */
export function parseAddr2line(
  output: string,
  queries: readonly AddressQuery[],
): SourcePlace[][][] {
  const answers = queries.map(({ addresses }) => addresses.map((): SourcePlace[] => []));
  let [query, address] = [-1, -1];
  for (const line of output.split('\n')) {
    if (line.startsWith(mark)) {
      [query, address] = [Number(line.slice(mark.length)), -1];
    } else if (/^0x[0-9a-f]+$/.test(line)) {
      address++;
    } else {
      const place = /^(?<file>.+):(?<line>\d+)(?: \(discriminator \d+\))?$/.exec(line)?.groups;
      if (place?.file === undefined || place.file === '??' || place.line === '0') continue;
      answers[query]?.[address]?.push({ file: place.file, line: Number(place.line) });
    }
  }
  return answers;
}
