import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { ImageIds } from './image-ids.js';

const name = 'localhost:5000/kbuild-ts/gcc-12:0123abcd';

describe('ImageIds', () => {
  it('knows nothing of an image that was never seen', () => {
    expect(new ImageIds(join(temporaryDirectory(), 'not/there/yet')).get(name)).toBeUndefined();
  });

  it('knows the id that an image had last, in another process too', async () => {
    const directory = join(temporaryDirectory(), 'images');
    await new ImageIds(directory).set(name, 'sha256:1');
    await new ImageIds(directory).set(name, 'sha256:2');
    await new ImageIds(directory).set('other', 'sha256:3');
    expect(new ImageIds(directory).get(name)).toBe('sha256:2');
  });

  it('reads each name once, and knows what it has set itself', async () => {
    const directory = join(temporaryDirectory(), 'images');
    const ids = new ImageIds(directory);
    await new ImageIds(directory).set(name, 'sha256:1');
    expect(ids.get(name)).toBe('sha256:1');
    await new ImageIds(directory).set(name, 'sha256:2');
    expect(ids.get(name)).toBe('sha256:1');
    await ids.set(name, 'sha256:1');
    expect(new ImageIds(directory).get(name)).toBe('sha256:1');
    await ids.set(name, 'sha256:3');
    expect(ids.get(name)).toBe('sha256:3');
  });

  it('keeps one file for each name, whatever is in it', async () => {
    const directory = temporaryDirectory();
    const ids = new ImageIds(directory);
    for (const id of ['1', '1', '2']) await ids.set(name, id);
    expect(readdirSync(directory)).toEqual([encodeURIComponent(name)]);
  });
});
