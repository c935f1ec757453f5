import { realpathSync } from 'node:fs';
import { findSection, readElf, type Elf } from '../module/elf.js';
import { functionPlaces, type FunctionPlace } from '../module/functions.js';
import type { RunSpec, Runtime } from '../runtime/port.js';
import { FileBytes } from '../storage/file-bytes.js';
import {
  addr2lineScript,
  parseAddr2line,
  type AddressQuery,
  type SourcePlace,
} from './addr2line-script.js';
import { kernelPaths, knownFunction } from './kernel-paths.js';
import type { KernelReport, StackFrame } from './kernel-reports.js';

/** Where debug information lies, and what reads it. */
export interface DecodeOptions {
  /** By the module's name as the kernel writes it: its unstripped .ko on this machine. */
  modules: ReadonlyMap<string, string>;
  /** The kernel's own, if it is there: `vmlinux` of the KDIR, or of a package with debug symbols. */
  vmlinux?: string;
  /** GNU triple of the kernel's arch: `aarch64-linux-gnu`. */
  triple: string;
  /** The toolchain's image. */
  image: string;
  runtime: Runtime;
  limits: Pick<RunSpec, 'memoryBytes' | 'diskBytes' | 'timeoutMs'>;
  /** What the user calls a path that the compiler saw: `/build/hello/hello.c`. */
  toUserPath: (path: string) => string;
  signal: AbortSignal;
}

/** `fill+0x20/0x28 [hello]`; with a module may stand its taint flags and its build id. */
const framePattern =
  /^(?<symbol>[^\s+]+)\+0x(?<offset>[0-9a-f]+)\/0x(?<size>[0-9a-f]+)(?: \[(?<module>[^\s\](]+)[^\]]*\])?$/;

interface ParsedFrame {
  frame: StackFrame;
  symbol: string;
  /** Of what is to be looked up: the call itself, where the frame has the place that it returns to. */
  offset: number;
  size: number;
  file: string;
}

/**
 * Gives the frames of reports their places in the sources, as far as debug information tells: all by one run
 * in the toolchain's image. What cannot be found stays as it is, also where nothing can be run.
 * @throws KbuildError INTERRUPTED
 */
export async function decodeStacks(
  reports: readonly KernelReport[],
  options: DecodeOptions,
): Promise<KernelReport[]> {
  const frames = reports.flatMap(({ stack }) => stack).flatMap((frame) => parse(frame, options));
  const { vmlinux, toUserPath } = options;
  const [ofKernel] = frames.filter(({ file }) => file === vmlinux);
  const main = { text: `${knownFunction}+0x0/0x0` };
  const known = { frame: main, symbol: knownFunction, offset: 0, size: 0 };
  const root = ofKernel === undefined ? [] : [{ ...known, file: ofKernel.file }];
  const places = await findPlaces([...frames, ...root], options);
  const toKernelPath = kernelPaths(places.get(main)?.at(-1)?.file);
  const sources = new Map<StackFrame, string>();
  for (const { frame, file } of frames) {
    const toPath = (path: string) => toKernelPath(file === vmlinux ? path : toUserPath(path));
    const named = (places.get(frame) ?? []).map((place) => `${toPath(place.file)}:${place.line}`);
    if (named.length > 0) sources.set(frame, named.join(', inlined at '));
  }
  return reports.map((report) => ({
    ...report,
    stack: report.stack.map((frame) => {
      const source = sources.get(frame);
      return source === undefined ? frame : { ...frame, source };
    }),
  }));
}

function parse(frame: StackFrame, { modules, vmlinux }: DecodeOptions): ParsedFrame[] {
  const { symbol, offset, size, module } = framePattern.exec(frame.text)?.groups ?? {};
  if (symbol === undefined || offset === undefined || size === undefined) return [];
  const file = module === undefined ? vmlinux : modules.get(module);
  if (file === undefined) return [];
  const at = Number.parseInt(offset, 16);
  const called = frame.interrupted || at === 0 ? at : at - 1;
  return [{ frame, symbol, offset: called, size: Number.parseInt(size, 16), file }];
}

async function findPlaces(
  frames: readonly ParsedFrame[],
  options: DecodeOptions,
): Promise<Map<StackFrame, SourcePlace[]>> {
  const found = new Map<StackFrame, SourcePlace[]>();
  const { triple, image, runtime, limits, signal } = options;
  const files = [...new Set(frames.map(({ file }) => file))];
  const inRun = (file: string) =>
    runtime.kind === 'host' ? realpathSync(file) : `/debug/${files.indexOf(file)}`;
  const asked = files.flatMap((file) =>
    queriesOf(
      file,
      frames.filter((frame) => frame.file === file),
    ),
  );
  if (asked.length === 0) return found;
  const queries = asked.map(({ query }) => ({ ...query, file: inRun(query.file) }));
  const used = [...new Set(asked.map(({ query }) => query.file))];
  const mounts = used.map((file) => ({ source: realpathSync(file), target: inRun(file) }));
  let output;
  try {
    ({ stdout: output } = await runtime.run(
      {
        ...{ image, script: addr2lineScript(queries, triple), env: {}, profile: 'build' },
        ...{ mounts: runtime.kind === 'host' ? [] : mounts, ...limits, title: 'decode stacks' },
      },
      { onLine: () => undefined, signal },
    ));
  } catch (error) {
    if (signal.aborted) throw error;
    return found;
  }
  const answers = parseAddr2line(output.toString('utf8'), queries);
  for (const [i, { wanted }] of asked.entries()) {
    for (const [j, { frame }] of wanted.entries()) {
      found.set(frame, answers[i]?.[j] ?? []);
    }
  }
  return found;
}

interface Asked {
  query: AddressQuery;
  /** The frames of its addresses, in their order. */
  wanted: ParsedFrame[];
}

/** What is to be asked of a file: for each of its sections, the addresses of the frames. */
function queriesOf(file: string, frames: readonly ParsedFrame[]): Asked[] {
  const names = new Set(frames.map(({ symbol }) => symbol));
  const places = withElf(file, (elf) =>
    findSection(elf, '.debug_info') === undefined ? undefined : functionPlaces(elf, names),
  );
  if (places === undefined) return [];
  const bySection = new Map<
    string,
    { section?: string; addresses: bigint[]; wanted: ParsedFrame[] }
  >();
  for (const frame of frames) {
    const place = placeOf(frame, places.get(frame.symbol) ?? []);
    if (place === undefined) continue;
    const { section } = place;
    const key = section ?? '';
    const group = bySection.get(key) ?? {
      ...(section !== undefined && { section }),
      addresses: [],
      wanted: [],
    };
    bySection.set(key, group);
    group.addresses.push(place.address + BigInt(frame.offset));
    group.wanted.push(frame);
  }
  return [...bySection.values()].map(({ wanted, ...query }) => ({
    query: { file, ...query },
    wanted,
  }));
}

/** The one function that a frame can mean; undefined where several can be meant. */
function placeOf(
  { offset, size }: ParsedFrame,
  places: readonly FunctionPlace[],
): FunctionPlace | undefined {
  const holds = places.filter((place) => place.size === 0 || offset < place.size);
  // The kernel counts a function up to the next symbol, so that only some sizes are the file's.
  const exact = holds.filter((place) => place.size === size);
  const [first, ...others] = exact.length > 0 ? exact : holds;
  const same = others.every(
    ({ section, address }) => section === first?.section && address === first?.address,
  );
  return same ? first : undefined;
}

/** Undefined for a file that cannot be read, or is none of ELF. */
function withElf<T>(file: string, read: (elf: Elf) => T): T | undefined {
  const bytes = new FileBytes();
  try {
    bytes.open(file);
    return read(readElf(bytes));
  } catch {
    return undefined;
  } finally {
    bytes.close();
  }
}
