import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { archiveOfEntries, type ArchiveEntry } from '../../../test/support/archive.js';
import { arOf, debMembers } from '../../../test/support/deb-archive.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import type { Event } from '../../events/event.js';
import { loadProjects } from '../load-projects.js';

const { signal } = new AbortController();

/** What a run is told while it loads these archives; and the files of its projects. */
async function load(cache: string, ...archives: string[]) {
  const events: Event[] = [];
  const emit = (event: Event) => events.push(event);
  const { projects } = await loadProjects(archives, [], { archives: { cache, signal, emit } });
  return { events, files: projects.flatMap(({ files }) => files.map(({ path }) => path)) };
}

const linkTo = (name: string, linkname: string): ArchiveEntry => ({
  ...{ name: `./usr/src/d-1/${name}`, type: 'symlink', linkname },
});

const conf = {
  name: './usr/src/d-1/dkms.conf',
  content: 'PACKAGE_NAME=d\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME=d\n',
};

it('names the archive and its links, in each run, once', async () => {
  const secret = temporaryDirectory({ secret: 'not for a build' });
  const entries = [conf, linkTo('secret', join(secret, 'secret')), linkTo('all', '/')];
  const archive = join(temporaryDirectory({ 'd.deb': arOf(await debMembers(entries)) }), 'd.deb');
  symlinkSync(archive, `${archive}.copy`);
  const cache = temporaryDirectory();
  for (let run = 0; run < 2; run++) {
    const { events, files } = await load(cache, archive, `${archive}.copy`);
    expect(files).toEqual(['dkms.conf']);
    expect(events).toMatchObject([
      {
        type: 'warning',
        message: `${archive}: links that lead out of its sources are left out: "usr/src/d-1/secret" to "${secret}/secret", "usr/src/d-1/all" to "/"`,
      },
    ]);
  }
});

it('names some of very many', async () => {
  const links = Array.from({ length: 9 }, (_, i) => linkTo(`l${i}`, '/etc'));
  const bytes = await archiveOfEntries([conf, ...links]);
  const { events } = await load(
    temporaryDirectory(),
    join(temporaryDirectory({ 'd.tar': bytes }), 'd.tar'),
  );
  const [{ message } = { message: '' }] = events as { message: string }[];
  expect(message).toContain('to "/etc"');
  expect(message).toMatch(/"usr\/src\/d-1\/l4" to "\/etc", 4 more$/);
});

it('is not said where all is there', async () => {
  const bytes = await archiveOfEntries([conf, linkTo('l', 'dkms.conf')]);
  const path = join(temporaryDirectory({ 'd.tar': bytes }), 'd.tar');
  expect((await load(temporaryDirectory(), path)).events).toEqual([]);
});
