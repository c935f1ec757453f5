import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryDirectory, writeTree } from '../../test/support/temporary-directory.js';
import { FileBytes } from './file-bytes.js';

const kib = 1024;
const contents = {
  empty: Buffer.alloc(0),
  tiny: randomBytes(1),
  shorter: randomBytes(16 * kib - 1),
  window: randomBytes(16 * kib),
  longer: randomBytes(16 * kib + 1),
  large: randomBytes(64 * kib + 1),
  larger: randomBytes(3 * kib * kib + 5),
};
type Name = keyof typeof contents;
const names = Object.keys(contents) as Name[];
const directory = temporaryDirectory(contents);
const pathOf = (name: Name) => join(directory, name);

const files: FileBytes[] = [];
function opened(name: Name): FileBytes {
  const file = new FileBytes();
  files.push(file);
  file.open(pathOf(name));
  return file;
}
afterEach(() => {
  for (const file of files.splice(0)) file.close();
});

/** Ranges at the edges of what is read at once, and across them. */
const rangesOf = (size: number): [number, number][] =>
  [0, 1, 16 * kib - 1, 16 * kib, 17 * kib, 32 * kib, 64 * kib, kib * kib, size - 2, size - 1, size]
    .filter((offset) => offset >= 0 && offset <= size)
    .flatMap((offset) =>
      [0, 1, 17, 16 * kib, 40 * kib, kib * kib, size - offset]
        .filter((length) => offset + length <= size)
        .map((length): [number, number] => [offset, length]),
    );

/** The ranges of a file that are not what its content says. */
const wrongIn = (file: FileBytes, content: Buffer) =>
  rangesOf(content.length).filter(
    ([offset, length]) =>
      !content.subarray(offset, offset + length).equals(file.read(offset, length)),
  );

/** Which files of the directory this process has open (proc(5)). */
const openFiles = (): string[] =>
  readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // closed meanwhile: the one of readdir itself
      }
    })
    .filter((path) => path.startsWith(directory));

describe('FileBytes', () => {
  it.each(names)('knows the size of a file: %s', (name) => {
    expect(opened(name).size).toBe(contents[name].length);
  });

  it.each(names)('gives any range of a file: %s', (name) => {
    expect(wrongIn(opened(name), contents[name])).toEqual([]);
  });

  it('serves one file after the other', () => {
    const file = opened('larger');
    for (const name of [...names, ...names.toReversed()]) {
      file.open(pathOf(name));
      expect(file.size).toBe(contents[name].length);
      expect(wrongIn(file, contents[name])).toEqual([]);
    }
  });

  it('leaves a piece as it is while others are read', () => {
    const file = opened('larger');
    const content = contents.larger;
    const pieces = rangesOf(content.length).map(([offset, length]) => ({
      offset,
      bytes: file.read(offset, length),
    }));
    const changed = pieces.filter(
      ({ offset, bytes }) => !content.subarray(offset, offset + bytes.length).equals(bytes),
    );
    expect(changed).toEqual([]);
  });

  it('reads what lies near at the same time: a piece of it is the same memory', () => {
    const file = opened('larger');
    const [wide, near] = [file.read(101_000, 4), file.read(110_000, 4)];
    expect(near.buffer).toBe(wide.buffer);
    expect(near.byteOffset - wide.byteOffset).toBe(9000);
  });

  it('takes no more memory where it is read backwards', () => {
    const file = opened('larger');
    const buffers = new Set<ArrayBufferLike>();
    for (let at = contents.larger.length - 4; at >= 0; at -= 128) {
      buffers.add(file.read(at, 4).buffer);
    }
    const sizes = [...buffers].map((buffer) => buffer.byteLength);
    const sum = sizes.reduce((all, size) => all + size, 0);
    expect(sum).toBeLessThan(2 * contents.larger.length);
  });

  it('keeps what it has read, whatever becomes of the file', () => {
    const path = join(writeTree(directory, { shrinking: contents.larger }), 'shrinking');
    const file = new FileBytes();
    files.push(file);
    file.open(path);
    file.read(0, 100);
    truncateSync(path, 1000);
    expect(contents.larger.subarray(0, 16 * kib).equals(file.read(0, 16 * kib))).toBe(true);
    expect(file.size).toBe(contents.larger.length);
    expect(() => file.read(100 * kib, 1)).toThrow('became shorter');
    expect(() => file.read(500, 40 * kib)).toThrow('became shorter');
  });

  it('refuses a directory and a file that is not there, and still serves the next', () => {
    const file = opened('tiny');
    expect(() => {
      file.open(directory);
    }).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(file.size).toBe(0);
    const missing = join(directory, 'missing');
    expect(() => {
      file.open(missing);
    }).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(file.size).toBe(0);
    file.open(pathOf('large'));
    expect(wrongIn(file, contents.large)).toEqual([]);
  });

  it('refuses a pipe, and does not wait for somebody to write into it', () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    // Whoever waits for a writer gets one in the end, and does not hang for ever.
    const writer = spawn('sh', ['-c', 'sleep 10; : <>"$0"', path], {
      detached: true,
      stdio: 'ignore',
    });
    const file = opened('tiny');
    const start = performance.now();
    try {
      expect(() => {
        file.open(path);
      }).toThrow(expect.objectContaining({ code: 'ESPIPE' }));
      expect(performance.now() - start).toBeLessThan(8000);
    } finally {
      process.kill(-writer.pid!, 'SIGKILL'); // the shell and its sleep
    }
    file.open(pathOf('large'));
    expect(wrongIn(file, contents.large)).toEqual([]);
  });

  it('leaves no file open', () => {
    const file = new FileBytes();
    for (const name of names) file.open(pathOf(name));
    expect(() => {
      file.open(directory);
    }).toThrow();
    file.open(pathOf('tiny'));
    expect(openFiles()).toEqual([pathOf('tiny')]);
    file.close();
    file.close();
    expect(openFiles()).toEqual([]);
    expect(file.size).toBe(0);
  });
});
