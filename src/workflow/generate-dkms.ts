import { lstatSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { outputFailed } from '../artifact/check-output.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { treeName } from '../release/dkms/source-package.js';
import { inTheWay, markEntry } from '../release/dkms/tree-mark.js';
import { writeEntries } from '../release/pack/write-entries.js';
import { replaceDirectory } from '../storage/atomic.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import { dkmsSources, type DkmsSources } from './dkms-sources.js';

export interface GenerateDkmsRequest {
  directory: string;
  /** The tree's directory; of a workspace, the directory of all trees. */
  output?: string | undefined;
  version?: string | undefined;
}

/** A source tree that was written. */
export interface GeneratedTree {
  name: string;
  version: string;
  /** Absolute. */
  directory: string;
  /** Relative to it. */
  files: string[];
}

/**
 * Writes the DKMS source tree of a project, or of each project of a workspace. A tree that
 * it wrote before is replaced as a whole, if nothing was added or changed; all else is left alone.
 * @throws KbuildError DKMS_PACK_*, PROJECT_FILE_EXISTS, STORAGE_FAILED, CONFIG_*, PROJECT_*
 */
export async function generateDkms(request: GenerateDkmsRequest): Promise<GeneratedTree[]> {
  const output = request.output === undefined ? undefined : resolve(request.output);
  const excluded = output === undefined || output === resolve(request.directory) ? [] : [output];
  const all = await dkmsSources(request.directory, { version: request.version, excluded });
  const targets = all.map((sources) => ({
    sources,
    target: realTarget(targetOf(sources, output, all.length > 1)),
  }));
  for (const { sources, target } of targets) checkTarget(sources, target);
  const trees: GeneratedTree[] = [];
  for (const { sources, target } of targets) {
    ensureDirectory(join(target, '..'));
    const { name, version, entries } = sources;
    await replaceDirectory(target, (temporary) =>
      writeEntries([...entries, markEntry(entries)], temporary),
    ).catch((error: unknown) => {
      throw outputFailed(target, error);
    });
    trees.push({ name, version, directory: target, files: entries.map(({ path }) => path) });
  }
  return trees;
}

function targetOf(sources: DkmsSources, output: string | undefined, several: boolean): string {
  if (output === undefined) return join(sources.project.output, 'dkms', treeName(sources));
  return several ? join(output, treeName(sources)) : output;
}

/** A directory that is named by a link is written itself. */
function realTarget(target: string): string {
  try {
    return realpathSync(target);
  } catch {
    return target; // not there yet
  }
}

/** What is there may be replaced only if we wrote all of it, and if it is not the package's sources. */
function checkTarget({ project, name }: DkmsSources, target: string): void {
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const refuse = (message: string) =>
    new KbuildError(
      'PROJECT_FILE_EXISTS',
      message,
      'Name another directory with --out, or move away what is there.',
    );
  if (!stat.isDirectory()) throw refuse(`${target} is there already, and is no directory`);
  if (`${realpathSync(project.directory)}/`.startsWith(`${target}/`)) {
    throw refuse(
      `${target} holds the sources of ${name}: its DKMS tree cannot be written over them`,
    );
  }
  const found = inTheWay(target);
  if (found === undefined) return;
  throw refuse(
    `${target} is there already, and holds ${found}, which 'generate dkms' did not write, or which was changed since`,
  );
}
