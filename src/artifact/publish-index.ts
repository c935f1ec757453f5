import { lstat, readFile, rm } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import type { Manifest } from './manifest-schema.js';

/**
 * What kbuild-ts has put into an output directory, all runs together: the manifest knows the last
 * one only. The index lies beside it.
 */
export const indexName = '.kbuild-ts.json';

/** What a file was made for. */
interface Owner {
  project: string;
  release: string;
  arch: string;
  toolchain: string;
}

const formatVersion = 1;

/** Each published file, relative to the output directory, with what it was made for. */
export type PublishIndex = ReadonlyMap<string, Owner>;

/**
 * Reads the index of an output directory; undefined if there is none.
 * @throws Error if it cannot be read, or is none of ours
 */
export async function readIndex(output: string): Promise<PublishIndex | undefined> {
  try {
    const text = await readFile(join(output, indexName), 'utf8');
    return parseIndex(text);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
}

function parseIndex(text: string): PublishIndex {
  const value = JSON.parse(text) as { formatVersion?: unknown; files?: unknown } | null;
  const files: unknown = value?.files;
  const shaped = typeof files === 'object' && files !== null && !Array.isArray(files);
  if (value?.formatVersion !== formatVersion || !shaped) {
    throw new Error('it is no index of kbuild-ts, or one of another version');
  }
  const owners = Object.entries(files as Record<string, Partial<Owner> | null>);
  return new Map(
    owners.map(([path, owner]) => {
      const { project = '', release = '', arch = '', toolchain = '' } = owner ?? {};
      return [path, { project, release, arch, toolchain }];
    }),
  );
}

/** The text of an index that `readIndex` reads. */
export function indexText(index: PublishIndex): string {
  const files = Object.fromEntries([...index].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ formatVersion, files }, null, 2)}\n`;
}

/** What a run publishes. */
export function indexOf({ jobs, tests = [] }: Manifest): PublishIndex {
  const consoles = tests.flatMap(({ project, release, arch, cases }) =>
    cases.flatMap(({ log }) =>
      log === undefined ? [] : [[log, { project, release, arch, toolchain: '' }] as const],
    ),
  );
  return new Map([
    ...consoles,
    ...jobs.flatMap(({ project, release, arch, toolchain, artifacts, log }) => {
      const paths = artifacts.map(({ path }) => path);
      const owner = { project, release, arch, toolchain };
      return [...paths, ...(log === undefined ? [] : [log])].map((path) => [path, owner] as const);
    }),
  ]);
}

/** The entries that a run's jobs replace: the same project and kernel, whatever the toolchain. */
export function replacedBy({ jobs }: Manifest, index: PublishIndex): PublishIndex {
  const place = ({ project, release, arch }: Omit<Owner, 'toolchain'>) =>
    [project, release, arch].join('\0');
  const places = new Set(jobs.map(place));
  return new Map([...index].filter(([, owner]) => places.has(place(owner))));
}

/**
 * Removes a file that an index lists. A path that leads out of the output directory is not
 * followed, and a directory, which kbuild-ts never publishes, stays.
 * @returns the file's path, or undefined if there was nothing to remove
 */
export async function removeListed(output: string, path: string): Promise<string | undefined> {
  if (isAbsolute(path) || normalize(path).split('/')[0] === '..') return undefined;
  const file = join(output, path);
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return undefined;
  await rm(file, { force: true });
  return file;
}
