import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { printable } from '../errors/printable.js';
import type { Diagnostic } from '../events/event.js';
import { labelOf, type Job } from '../plan/job.js';
import { containerLayout, type Layout } from '../plan/layout.js';
import { parseDiagnostic, userPaths } from './diagnostics.js';
import type { EngineContext } from './engine-context.js';

/** How many of the last lines of a build's output are kept to explain its failure. */
const tailLength = 50;

/** A build that prints without end fills neither the disk nor the memory. Bytes, and a count. */
const longestLog = 64 * 2 ** 20;
export const mostDiagnostics = 1000;

/** Where the lines of a build go: its file, the reporters, and, as diagnostics, its result. */
export interface JobLog {
  /** The file; it lasts as long as the run. */
  path: string;
  onLine: (line: string) => void;
  /** In the user's paths. */
  diagnostics: Diagnostic[];
  /** The same in the paths that a container has, for the store. */
  storedDiagnostics: Diagnostic[];
  /** Adds what was found otherwise than in the output, in the container's paths. */
  add: (found: readonly Diagnostic[]) => void;
  /** The last lines. */
  tail: string[];
  close: () => Promise<void>;
}

/** Maps diagnostics from the container's paths to those of a job's projects. */
export function diagnosticsIn(job: Job): (diagnostic: Diagnostic) => Diagnostic {
  const toUserPath = userPaths(job);
  return (diagnostic) => ({
    ...diagnostic,
    message: toUserPath(diagnostic.message),
    ...(diagnostic.file !== undefined && { file: toUserPath(diagnostic.file) }),
  });
}

export async function openJobLog(
  job: Job,
  layout: Layout,
  { scratch, emit }: Pick<EngineContext, 'scratch' | 'emit'>,
): Promise<JobLog> {
  const path = join(scratch, 'logs', `${job.id}.log`);
  await mkdir(dirname(path), { recursive: true });
  const stream = createWriteStream(path);
  let failure: Error | undefined;
  stream.on('error', (error) => (failure ??= error)); // told by close
  let size = 0;
  const toContainerPath = (text: string) => text.replaceAll(layout.build, containerLayout.build);
  const inUserPaths = diagnosticsIn(job);
  const label = labelOf(job);
  const diagnostics: Diagnostic[] = [];
  const storedDiagnostics: Diagnostic[] = [];
  const tail: string[] = [];
  const add = (found: readonly Diagnostic[]) => {
    for (const stored of found.slice(0, mostDiagnostics - diagnostics.length)) {
      const diagnostic = inUserPaths(stored);
      storedDiagnostics.push(stored);
      diagnostics.push(diagnostic);
      emit({ type: 'diagnostic', job: label, diagnostic });
    }
  };
  return {
    path,
    diagnostics,
    storedDiagnostics,
    tail,
    onLine: (said) => {
      const line = printable(said);
      size += line.length + 1;
      if (size <= longestLog) stream.write(`${line}\n`);
      if (tail.push(line) > tailLength) tail.shift();
      emit({ type: 'line', job: label, line });
      const found = parseDiagnostic(line, toContainerPath);
      if (found !== undefined) add([found]);
    },
    add,
    close: async () => {
      if (size > longestLog) stream.write(`[the log ends here: the build printed ${size} bytes]\n`);
      stream.end();
      await finished(stream).catch(() => undefined);
      if (failure !== undefined) throw failure;
    },
  };
}
