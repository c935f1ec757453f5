import { archByName } from '../../src/arch/arch.js';
import { asKbuildError } from '../../src/errors/kbuild-error.js';
import type { Event } from '../../src/events/event.js';
import { readDescription } from '../../src/kernel/providers/source/description.js';
import {
  prepareSource,
  type PreparedKernel,
} from '../../src/kernel/providers/source/prepare-source.js';
import { withSession } from '../../src/workflow/session.js';

/**
 * Makes a kernel of its source, as commands do.
 * Run as a program (by jiti): <file> <arch> <cache>; prints the events and what came out as JSON.
 */
export async function makeKernel(
  file: string,
  arch: string,
  cache: string,
  options: { signal?: AbortSignal; emit?: (event: Event) => void } = {},
): Promise<PreparedKernel> {
  const description = await readDescription(file);
  const { signal = new AbortController().signal, emit = () => undefined } = options;
  return withSession({ cache, runtime: 'docker', signal, emit }, ({ provider }) =>
    prepareSource(description, archByName(arch), provider),
  );
}

if (process.argv[1]?.endsWith('source-kernel-run.ts')) {
  const [file = '', arch = '', cache = ''] = process.argv.slice(2);
  const print = (value: unknown): void => {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  };
  await makeKernel(file, arch, cache, { emit: print }).then(print, (error: unknown) => {
    print({ error: asKbuildError(error).toReport() });
  });
}
