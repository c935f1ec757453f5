import { basename, dirname, posix } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { printable } from '../errors/printable.js';
import { Readable } from 'node:stream';

/** A file that came out of a build; the path is relative to the project. */
export interface BuiltFile {
  path: string;
  bytes: Buffer;
}

/** More than any build has: a whole distribution kernel is some 10,000 files. */
const mostEntries = 60_000;

/** Loaded only where something was built. */
export const loadTar = () => import('tar-stream');

/**
 * Reads the archive that a job's recipe writes. The bytes of its files are views of it.
 * @throws KbuildError VERIFY_FAILED for one that the recipe cannot have written
 */
export async function unpackArchive(archive: Buffer): Promise<BuiltFile[]> {
  try {
    return await readArchive(archive);
  } catch (cause) {
    if (cause instanceof KbuildError) throw cause;
    throw new KbuildError(
      'VERIFY_FAILED',
      `the build's archive of ${archive.length} bytes cannot be read: ${(cause as Error).message}`,
      'Only a build that writes into it does this. Nothing of it was kept: look into its Makefiles.',
      { cause },
    );
  }
}

async function readArchive(archive: Buffer): Promise<BuiltFile[]> {
  const { extract } = await loadTar();
  const files: BuiltFile[] = [];
  const reader = extract();
  const done = (async () => {
    let entries = 0;
    for await (const entry of reader) {
      if (++entries > mostEntries) throw tooMany();
      const path = insidePath(entry.header.name);
      const isFile = entry.header.type === 'file';
      const chunks: Buffer[] = [];
      for await (const chunk of entry) if (isFile) chunks.push(chunk as Buffer);
      const [only] = chunks;
      const bytes = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
      if (isFile) files.push({ path, bytes });
    }
  })();
  Readable.from([archive]).pipe(reader);
  await done;
  return files;
}

const tooMany = () =>
  new KbuildError(
    'VERIFY_FAILED',
    `the build's archive has more than ${mostEntries} entries`,
    'Only a hostile build makes so many. Nothing of it was kept: look into its Makefiles.',
  );

/** A build is untrusted code, and can write to the archive: no name may lead out of the project. */
function insidePath(name: string): string {
  const path = posix.normalize(name);
  const isInside = !posix.isAbsolute(path) && !path.split('/').includes('..');
  if (isInside && printable(path) === path) return path;
  throw new KbuildError(
    'VERIFY_FAILED',
    isInside
      ? `the build's archive holds '${printable(name)}', a name with control characters`
      : `the build's archive holds '${printable(name)}', which lies outside of the project`,
    'Only a hostile build writes such a name. Nothing of it was kept: look into its Makefiles.',
  );
}

/** What a job gave, and what of it is missing. */
export interface Collected {
  modules: BuiltFile[];
  /** Module.symvers of the project, if it exports anything. */
  symvers?: string;
  /** Modules that were expected, or that Kbuild says it made, and that are not there. */
  missing: string[];
}

/**
 * Sorts a job's files: the modules, the project's Module.symvers, and what is missing of the
 * modules that the project promises and that Kbuild itself lists in modules.order.
 */
export function collectModules(
  unordered: readonly BuiltFile[],
  expected: readonly string[],
): Collected {
  // find(1) gives them in the order in which the file system has them: any.
  const files = unordered.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const modules = files.filter(({ path }) => path.endsWith('.ko'));
  const names = new Set(modules.map(({ path }) => basename(path, '.ko')));
  const listed = files
    .filter(({ path }) => basename(path) === 'modules.order')
    .flatMap(({ bytes }) => bytes.toString('utf8').split('\n'))
    .filter(Boolean)
    .map((line) => basename(line).replace(/\.k?o$/, ''));
  const missing = [...new Set([...expected, ...listed])].filter((name) => !names.has(name));
  const symvers = files
    .filter(({ path }) => basename(path) === 'Module.symvers')
    .sort((a, b) => dirname(a.path).length - dirname(b.path).length)
    .map(({ bytes }) => bytes.toString('utf8'))
    .join('');
  return { modules, missing, ...(symvers !== '' && { symvers }) };
}
