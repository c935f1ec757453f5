import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '../../src/events/event.js';
import type { ProviderContext } from '../../src/kernel/providers/port.js';
import { temporaryDirectory, writeTree, type FileTree } from './temporary-directory.js';

/** The archive behind a fake apt; tests change it as a mirror changes. */
export interface Archive {
  /** What `apt-cache show` prints, or undefined while the mirror does not answer. */
  index: string | undefined;
  /** What is in each package that can be downloaded, by the name that apt takes. */
  packages: Record<string, FileTree>;
}

/**
 * A provider's context whose containers have no network and no apt: it does what the provider's
 * scripts ask of them, from an archive.
 */
export function fakeApt(archive: Archive) {
  const directory = temporaryDirectory({ 'cache/.keep': '', 'scratch/.keep': '' });
  const events: Event[] = [];
  const downloads: string[] = [];
  let updates = 0;

  const answer = (exitCode: number, stdout = '') => ({
    end: 'exited' as const,
    exitCode,
    stdout: Buffer.from(stdout),
  });

  const context: ProviderContext = {
    cache: join(directory, 'cache'),
    scratch: join(directory, 'scratch'),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    runInSuite: (suite, { script, mounts, onLine }) => {
      if (script.includes('apt-cache show')) {
        updates++;
        onLine(`Hit:1 http://mirror/debian ${suite.name} InRelease`);
        if (archive.index !== undefined) return Promise.resolve(answer(0, archive.index));
        onLine('E: Failed to fetch http://mirror/debian  Temporary failure resolving');
        return Promise.resolve(answer(100));
      }
      const work = mounts.find(({ target }) => target === '/fetch')?.source ?? '';
      const asked = [...script.matchAll(/^apt-get .*download '(.*?)'/gm)];
      for (const [number, [, name = '']] of asked.entries()) {
        downloads.push(name);
        const files = archive.packages[name];
        if (files === undefined) {
          onLine(`E: Failed to fetch http://mirror/debian/${name}.deb  404  Not Found`);
          return Promise.resolve(answer(100));
        }
        mkdirSync(join(work, String(number)), { recursive: true });
        writeTree(join(work, String(number)), files);
      }
      return Promise.resolve(answer(0));
    },
  };
  return { context, events, downloads, updates: () => updates };
}
