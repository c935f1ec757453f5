import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lstat } from '../../tree.js';
import type { ProviderContext } from '../port.js';
import { invalid, type SourceDescription } from './description.js';
import { directoryFingerprint } from './directory.js';
import { gitTree, isGitTree } from './git.js';
import { recipeVersion } from './scripts.js';
import { fileHash, versionInName } from './tarball.js';
import { versionIn } from './version.js';

/** What a source is before it is unpacked. */
export interface Origin {
  /** Names its content. Hexadecimal. */
  key: string;
  /** The kernel's version, as far as it can be told before: `6.1`. */
  version?: string;
  /** Gives a tarball or a directory to unpack. */
  open: () => Promise<{ path: string; close: () => Promise<void> }>;
  /** Whether it still is what the key names. */
  unchanged: () => Promise<boolean>;
}

/**
 * Looks at the source of a description.
 * @throws KbuildError KERNEL_SOURCE_INVALID, KERNEL_SOURCE_GIT
 */
export async function originOf(
  { source, revision }: SourceDescription,
  context: ProviderContext,
): Promise<Origin> {
  const stat = statSync(source);
  if (stat.isDirectory() && isGitTree(source)) return gitOrigin(source, revision, context);
  if (revision !== undefined) {
    throw invalid(
      `${source} is no git tree, so it has no revision '${revision}'`,
      "Leave out '#' and what follows, or name a git tree.",
    );
  }
  if (stat.isDirectory()) return directoryOrigin(source);
  if (!stat.isFile()) {
    throw invalid(`${source} is neither a file nor a directory`, 'Name a tarball or a directory.');
  }
  const hash = () => fileHash(source, context.cache, context.signal);
  const digest = await hash();
  return {
    key: keyOf('tarball', digest),
    ...withVersion(versionInName(source)),
    open: () => Promise.resolve(asItIs(source)),
    unchanged: async () => (await hash()) === digest,
  };
}

function directoryOrigin(source: string): Origin {
  const fingerprint = directoryFingerprint(source);
  const makefile = join(source, 'Makefile');
  const text = lstat(makefile)?.isFile() ? readFileSync(makefile, 'utf8') : '';
  return {
    key: keyOf('directory', fingerprint),
    ...withVersion(versionIn(text)),
    open: () => Promise.resolve(asItIs(source)),
    unchanged: () => Promise.resolve(directoryFingerprint(source) === fingerprint),
  };
}

async function gitOrigin(
  source: string,
  revision: string | undefined,
  { scratch, signal }: ProviderContext,
): Promise<Origin> {
  const tree = await gitTree(source, revision, scratch, signal);
  return {
    key: keyOf('git', tree.id),
    ...withVersion(versionIn((await tree.read('Makefile')) ?? '')),
    open: async () => {
      const path = join(scratch, `git-${tree.id}.tar`);
      await tree.archive(path);
      return { path, close: () => rm(path, { force: true }) };
    },
    unchanged: () => Promise.resolve(true), // an object of git never changes
  };
}

const keyOf = (kind: string, content: string): string =>
  createHash('sha256')
    .update(JSON.stringify([recipeVersion, kind, content]))
    .digest('hex');

const withVersion = (version: string | undefined) => (version === undefined ? {} : { version });

const asItIs = (path: string) => ({ path, close: () => Promise.resolve() });
