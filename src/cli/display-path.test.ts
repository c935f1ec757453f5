import { describe, expect, it } from 'vitest';
import { displayPath } from './display-path.js';

describe('displayPath', () => {
  it.each([
    ['/home/me/drv/a.c', 'a.c'],
    ['/home/me/drv/sub/a.c', 'sub/a.c'],
    ['/home/me/other/a.c', '../other/a.c'],
    ['/home/me/drv', '.'],
  ])('shows %s as a user who is in /home/me/drv would type it', (path, shown) => {
    expect(displayPath(path, '/home/me/drv')).toBe(shown);
  });

  it('shows a path as it is where that is shorter', () => {
    expect(displayPath('/etc/x', '/home/me/very/deep')).toBe('/etc/x');
    expect(displayPath('/', '/home/me')).toBe('/');
  });

  it('leaves a path that is relative already', () => {
    expect(displayPath('include/linux/module.h', '/home/me')).toBe('include/linux/module.h');
  });

  it('goes by the working directory', () => {
    expect(displayPath(`${process.cwd()}/dist/manifest.json`)).toBe('dist/manifest.json');
  });
});
