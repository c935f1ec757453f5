import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { projectAt } from '../../test/support/job-values.js';
import type { Project } from '../project/project.js';
import { placements } from './placement.js';

/** A project of which nothing but its place counts. */
const at = (directory: string, name = 'x'): Project => projectAt(directory, { name, files: [] });

function placed(directory: string, ...dependencies: string[]): (string | undefined)[] {
  const all = [directory, ...dependencies].map((path) => at(path));
  const map = placements(all[0]!, all.slice(1));
  expect(map.size).toBe(all.length);
  return all.map((project) => map.get(project));
}

describe('placements', () => {
  it('places a project on its own by its name, whatever its directory is called', () => {
    const project = at('/home/me/it is a "dir", $HOME', 'driver');
    expect([...placements(project, [])]).toEqual([[project, 'driver']]);
  });

  it('keeps projects beside each other as they are on disk', () => {
    expect(placed('/home/me/consumer', '/home/me/exporter')).toEqual(['consumer', 'exporter']);
  });

  it('reaches up to the directory that all have in common, and no higher', () => {
    const paths = ['/home/me/a/one', '/home/me/b/c/two', '/home/me/a/three'];
    expect(placed(paths[0]!, ...paths.slice(1))).toEqual(['a/one', 'b/c/two', 'a/three']);
  });

  it('tells a directory from one whose name begins alike', () => {
    expect(placed('/w/lib/a', '/w/library/b')).toEqual(['lib/a', 'library/b']);
  });

  it('places a project that lies in another one', () => {
    expect(placed('/w/all/part', '/w/all')).toEqual(['all/part', 'all']);
    expect(placed('/w/all', '/w/all/part')).toEqual(['all', 'all/part']);
  });

  it('copes with projects that have nothing but the root in common', () => {
    expect(placed('/a', '/b')).toEqual(['a', 'b']);
    expect(placed('/srv/a', '/home/b')).toEqual(['srv/a', 'home/b']);
  });

  it.each([
    'a b',
    "it's",
    'a:b',
    'a$b',
    'a#b',
    'grün',
    'a(b)',
    'a=b',
    'a;b',
    'a\nb',
    'a*',
    'a,b',
    '100%',
  ])('refuses a directory in which make cannot build: %j', async (name) => {
    const error = await kbuildErrorOf(() => placed(`/w/${name}`, '/w/other'));
    expect(error.code).toBe('PROJECT_PATH');
    expect(error.message).toContain(`'${name}'`);
    const dependency = await kbuildErrorOf(() => placed('/w/other', `/w/${name}`));
    expect(dependency.code).toBe('PROJECT_PATH');
  });

  it('gives a DKMS source a place of plain characters, whatever the name of its directory', () => {
    const method = { kind: 'dkms' } as const;
    const all = ['x-1.0~dfsg', 'x-1.0_dfsg', 'y-1:2.0', '.overlay', 'z@1+2'].map((name) =>
      projectAt(`/usr/src/${name}`, { method, files: [] }),
    );
    const map = placements(all[0]!, all.slice(1));
    expect(all.map((project) => map.get(project))).toEqual([
      'x-1.0_dfsg',
      'x-1.0_dfsg.2',
      'y-1_2.0',
      '_overlay',
      'z@1+2',
    ]);
  });

  it.each(['a b', 'a$b', 'a=b', 'a,b', 'grün'])('refuses a DKMS source in %j', async (name) => {
    const project = projectAt(`/usr/src/${name}`, { method: { kind: 'dkms' }, files: [] });
    expect((await kbuildErrorOf(() => placements(project, []))).code).toBe('PROJECT_PATH');
  });

  it('does not mind what the directory above all of them is called', () => {
    expect(placed('/my work, all/a', '/my work, all/b')).toEqual(['a', 'b']);
  });
});
