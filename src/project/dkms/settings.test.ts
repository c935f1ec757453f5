import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { builtFirst, dkmsSettings } from './settings.js';

const parent = temporaryDirectory({
  'x/dkms.conf': '',
  'y/dkms.conf': '',
  'y/y.c': '',
  'headers/h.h': '',
  'a b/c': '',
  'etc/x.conf': '',
  'etc/framework.conf.d/z.conf': '',
  'etc/no-autoinstall': '',
  'other/x.conf': '',
  file: '',
});
const at = (path: string) => join(parent, path);
const none = { directives: [], with: [] };

describe('dkmsSettings', () => {
  it('is nothing where nothing is said', () => {
    expect(dkmsSettings(at('x'), undefined, none)).toEqual({ directives: [], with: [] });
  });

  it('takes what the configuration says, then what the command line says', () => {
    const settings = dkmsSettings(
      at('x'),
      { directives: { A: '1', 'B[0]': 'x=y' }, overlay: '../etc', with: ['../y'] },
      { directives: ['A=2'], with: [at('headers'), at('y')] },
    );
    expect(settings.directives).toEqual(['A=1', 'B[0]=x=y', 'A=2']);
    expect(settings.with.map(({ name, directory }) => [name, directory])).toEqual([
      ['y', at('y')],
      ['headers', at('headers')],
    ]);
    expect(settings.with[0]?.files.map(({ path }) => path)).toEqual(['dkms.conf', 'y.c']);
    expect(settings.overlay).toMatchObject({ directory: at('etc') });
    expect(settings.overlay?.files.map(({ path }) => path)).toEqual(['x.conf']);
  });

  it('leaves out of a tree beside it what is no source: outputs, ours above all', () => {
    const directory = temporaryDirectory({
      'w/h.h': '',
      'w/dist/.kbuild-ts.json': '{}',
      'w/dist/logs/x.log': '',
      'w/out/x.log': '',
      'vendor/dist/h.h': '',
    });
    mkdirSync(join(directory, 'w/obj'));
    const options = { ...none, with: [join(directory, 'w'), join(directory, 'vendor')] };
    const { with: trees } = dkmsSettings(at('x'), undefined, options, [join(directory, 'w/out')]);
    expect(trees.map(({ files }) => files.map(({ path }) => path))).toEqual([
      ['h.h'],
      ['dist/h.h'],
    ]);
    expect(trees.map(({ directories }) => directories)).toEqual([['obj'], []]);
  });

  it('takes the overlay of the command line for that of the configuration', () => {
    const options = { ...none, overlay: at('other') };
    const settings = dkmsSettings(at('x'), { overlay: '../etc' }, options);
    expect(settings.overlay?.directory).toBe(at('other'));
  });

  it('does not lay a source beside itself', () => {
    expect(dkmsSettings(at('y'), undefined, { ...none, with: [at('y')] }).with).toEqual([]);
  });

  it.each([
    ['nowhere', 'PROJECT_NOT_FOUND'],
    ['file', 'PROJECT_NOT_FOUND'],
    ['a b', 'PROJECT_PATH'],
  ])('refuses the tree %s', async (path, code) => {
    const options = { ...none, with: [at(path)] };
    const error = await kbuildErrorOf(() => dkmsSettings(at('x'), undefined, options));
    expect(error.code).toBe(code);
    expect(error.message).toContain(at(path));
  });

  it('refuses overlays that are not there', async () => {
    const options = { ...none, overlay: at('nowhere') };
    const error = await kbuildErrorOf(() => dkmsSettings(at('x'), undefined, options));
    expect(error).toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  });
});

describe('builtFirst', () => {
  const settings = dkmsSettings(at('x'), undefined, { ...none, with: [at('y'), at('headers')] });
  const silent = {};

  it('is nothing where the source names no others', () => {
    expect(builtFirst(settings, silent)).toEqual([]);
  });

  it('is those beside it that are DKMS sources, where it does', () => {
    expect(builtFirst(settings, { dependencies: ['y'] })).toEqual([at('y')]);
    const asked = { ...settings, directives: ['BUILD_DEPENDS[0]=y'] };
    expect(builtFirst(asked, silent)).toEqual([at('y')]);
  });
});
