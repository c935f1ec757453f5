import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Event } from '../../src/events/event.js';
import type { ProviderContext, ScriptRun } from '../../src/kernel/providers/port.js';
import { shippedRepositories, type AptRepository } from '../../src/kernel/repository.js';
import type { RunOutcome } from '../../src/runtime/port.js';
import { temporaryDirectory, writeTree, type FileTree } from './temporary-directory.js';

/** The archive behind a fake apt; tests change it as a mirror changes. */
export interface Archive {
  /** What the script for the index prints, or undefined while the mirror does not answer. */
  index: string | undefined;
  /** What is in each package that the mirror has, by the name of its file. */
  packages: Record<string, FileTree>;
  /** Why files are refused that the mirror has, by their names; default: they are not. */
  refused?: Record<string, string>;
}

/** The package's own description of Debian 12. */
export const bookwormRepository = shippedRepositories().find(
  ({ distribution, name }) => distribution === 'debian' && name === 'bookworm',
) as AptRepository;

const answer = (exitCode: number, stdout = ''): Promise<RunOutcome> =>
  Promise.resolve({ end: 'exited', exitCode, stdout: Buffer.from(stdout) });

/**
 * A provider's context whose containers have no network and no apt: it does what the provider's
 * scripts ask of them, from an archive.
 */
export function fakeApt(archive: Archive) {
  const directory = temporaryDirectory({ 'cache/.keep': '', 'scratch/.keep': '' });
  const events: Event[] = [];
  /** Names of the files that were asked for. */
  const downloads: string[] = [];
  const runs: (ScriptRun & { image: string })[] = [];
  let updates = 0;

  const update = ({ onLine }: ScriptRun) => {
    updates++;
    onLine('Hit:1 http://mirror/debian bookworm InRelease');
    if (archive.index !== undefined) return answer(0, archive.index);
    onLine('E: Failed to fetch http://mirror/debian/InRelease  Temporary failure resolving');
    onLine('E: Some index files failed to download. They have been ignored.');
    return answer(100);
  };

  const download = ({ script, mounts, onLine }: ScriptRun) => {
    const work = mounts.find(({ target }) => target === '/fetch')?.source ?? '';
    const unpacked: string[] = [];
    for (const [, uri = '', i = ''] of script.matchAll(/(\S+) \/fetch\/(\d+)\.deb SHA256:/g)) {
      const name = basename(uri);
      downloads.push(name);
      onLine(`dlstatus:1:${downloads.length}:Retrieving file ${name}`);
      const files = archive.packages[name];
      const why = files === undefined ? '404  Not Found' : archive.refused?.[name];
      if (why !== undefined) onLine(`E: Failed to fetch ${uri}  ${why} [IP: 192.0.2.1 80]`);
      if (files === undefined || why !== undefined) continue;
      mkdirSync(join(work, i, 'root'), { recursive: true });
      writeTree(join(work, i, 'root'), files);
      unpacked.push(`${i}\n`);
    }
    return answer(0, unpacked.join(''));
  };

  const run = (image: string, script: ScriptRun) => {
    runs.push({ ...script, image });
    return script.script.includes('download-file') ? download(script) : update(script);
  };

  const context: ProviderContext = {
    cache: join(directory, 'cache'),
    scratch: join(directory, 'scratch'),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    repositories: shippedRepositories(),
    offline: false,
    allowExpired: false,
    runInSuite: (suite, script) => run(suite.name, script),
    runInImage: ({ image = '' }, script) => run(image, script),
    toolchain: ({ name = '' }) => {
      throw new Error(`no toolchain was expected to be needed: ${name}`);
    },
  };
  return { context, events, downloads, runs, updates: () => updates };
}
