import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import {
  makeDirectoryAtomic,
  removeWhole,
  replaceDirectory,
  temporaryName,
  writeFileAtomic,
} from './atomic.js';

describe('temporaryName', () => {
  it('is hidden, beside the path, and never the same twice', () => {
    const names = [temporaryName('/a/b/file.json'), temporaryName('/a/b/file.json')];
    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      expect(dirname(name)).toBe('/a/b');
      expect(name).toMatch(/\/\.file\.json\./);
      expect(name).toContain(String(process.pid));
    }
  });
});

describe('writeFileAtomic', () => {
  it('writes text and bytes, and makes the directories on the way', async () => {
    const directory = temporaryDirectory();
    await writeFileAtomic(join(directory, 'a/b/text'), 'größe\n');
    await writeFileAtomic(join(directory, 'a/b/bytes'), Uint8Array.of(0, 255, 10));
    expect(readFileSync(join(directory, 'a/b/text'), 'utf8')).toBe('größe\n');
    expect(readFileSync(join(directory, 'a/b/bytes'))).toEqual(Buffer.of(0, 255, 10));
    expect(readdirSync(join(directory, 'a/b')).sort()).toEqual(['bytes', 'text']);
  });

  it('puts a new file in the place of the old one, whose readers keep what they opened', async () => {
    const path = join(temporaryDirectory({ file: 'old content' }), 'file');
    const before = statSync(path).ino;
    await writeFileAtomic(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).ino).not.toBe(before);
  });

  it('shows a reader the old content or the new, whatever their sizes', async () => {
    const path = join(temporaryDirectory(), 'file');
    const contents = ['a'.repeat(200_000), 'b'.repeat(10), 'c'.repeat(100_000)];
    writeFileSync(path, contents[0] ?? '');
    const writing = new AbortController();
    const seen = new Set<string>();
    const reader = (async () => {
      while (!writing.signal.aborted) {
        seen.add(execFileSync('cat', [path], { encoding: 'utf8', maxBuffer: 1e6 }));
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 4; round++) {
      await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    }
    writing.abort();
    await reader;
    expect(seen.size).toBeGreaterThan(0);
    for (const content of seen) expect(contents).toContain(content);
  });

  it('leaves the old file and nothing else where it cannot write', async () => {
    const directory = temporaryDirectory({ 'taken/inside': 'x' });
    await expect(writeFileAtomic(join(directory, 'taken'), 'data')).rejects.toThrow();
    expect(readdirSync(directory)).toEqual(['taken']);
    expect(readFileSync(join(directory, 'taken/inside'), 'utf8')).toBe('x');
  });
});

describe('makeDirectoryAtomic', () => {
  it('shows a directory only when it is full', async () => {
    const path = join(temporaryDirectory(), 'made/here');
    await makeDirectoryAtomic(path, async (temporary) => {
      await writeFile(join(temporary, 'a'), '1');
      expect(existsSync(path)).toBe(false);
      expect(dirname(temporary)).toBe(dirname(path));
    });
    expect(readdirSync(path)).toEqual(['a']);
    expect(readdirSync(dirname(path))).toEqual(['here']);
  });

  it('leaves nothing where filling it fails', async () => {
    const directory = temporaryDirectory();
    const filling = makeDirectoryAtomic(join(directory, 'made'), async (temporary) => {
      await writeFile(join(temporary, 'half'), '');
      throw new Error('no more disk');
    });
    await expect(filling).rejects.toThrow('no more disk');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('keeps the directory of whoever was first', async () => {
    const path = join(temporaryDirectory(), 'made');
    await makeDirectoryAtomic(path, async (temporary) => {
      mkdirSync(path);
      writeFileSync(join(path, 'first'), '');
      await writeFile(join(temporary, 'second'), '');
    });
    expect(readdirSync(path)).toEqual(['first']);
    expect(readdirSync(dirname(path))).toEqual(['made']);
  });

  it('says so where something else stands in its place', async () => {
    const directory = temporaryDirectory({ made: 'a file' });
    await expect(
      makeDirectoryAtomic(join(directory, 'made'), () => Promise.resolve()),
    ).rejects.toThrow('ENOTDIR');
    expect(readdirSync(directory)).toEqual(['made']);
  });
});

describe('replaceDirectory', () => {
  it('makes a directory, and puts another in its place', async () => {
    const parent = temporaryDirectory();
    const path = join(parent, 'tree');
    await replaceDirectory(path, (temporary) => writeFile(join(temporary, 'a'), ''));
    await replaceDirectory(path, async (temporary) => {
      expect(readdirSync(path)).toEqual(['a']);
      await writeFile(join(temporary, 'b'), '');
    });
    expect(readdirSync(path)).toEqual(['b']);
    expect(readdirSync(parent)).toEqual(['tree']);
  });

  it('leaves the old one where the new one cannot be made', async () => {
    const parent = temporaryDirectory({ 'tree/old': '' });
    const failing = replaceDirectory(join(parent, 'tree'), () => Promise.reject(new Error('full')));
    await expect(failing).rejects.toThrow('full');
    expect(readdirSync(join(parent, 'tree'))).toEqual(['old']);
    expect(readdirSync(parent)).toEqual(['tree']);
  });

  it('puts the old one back where the new one cannot take its place', async () => {
    const parent = temporaryDirectory({ 'tree/old': '' });
    const failing = replaceDirectory(join(parent, 'tree'), async (temporary) => {
      await rm(temporary, { recursive: true });
    });
    await expect(failing).rejects.toThrow('ENOENT');
    expect(readdirSync(join(parent, 'tree'))).toEqual(['old']);
  });
});

describe('removeWhole', () => {
  it('removes a file, or a directory with all below it, and nothing beside it', async () => {
    const directory = temporaryDirectory({ file: '', 'deep/er/x': '', beside: '' });
    await removeWhole(join(directory, 'file'));
    await removeWhole(join(directory, 'deep'));
    expect(readdirSync(directory)).toEqual(['beside']);
  });

  it('removes a link, and not what it leads to', async () => {
    const directory = temporaryDirectory({ 'real/file': 'x', link: { link: 'real' } });
    await removeWhole(join(directory, 'link'));
    expect(readdirSync(directory)).toEqual(['real']);
    expect(readdirSync(join(directory, 'real'))).toEqual(['file']);
  });

  it('shows a reader all of a directory or nothing', async () => {
    const count = 2_000;
    const files = Array.from({ length: count }, (_, i) => [`whole/${i}`, ''] as const);
    const directory = temporaryDirectory(Object.fromEntries(files));
    const whole = join(directory, 'whole');
    const seen = new Set<number>();
    const removing = new AbortController();
    const removal = removeWhole(whole).finally(() => {
      removing.abort();
    });
    while (!removing.signal.aborted) {
      seen.add(namesIn(whole).length);
      await new Promise(setImmediate);
    }
    await removal;
    expect([...seen].filter((names) => names !== count && names !== 0)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says so where there is nothing', async () => {
    await expect(removeWhole(join(temporaryDirectory(), 'gone'))).rejects.toThrow('ENOENT');
  });
});

/** What a reader sees, who may come when the directory has gone. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
