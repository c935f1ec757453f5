import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** What a tree of files is made of: a file's content, a link, or an executable file. */
export type FileTree = Record<string, string | Uint8Array | { link: string } | { program: string }>;

const made: string[] = [];

// Registered for each test file that imports this one.
afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A new directory that is removed after the tests of the file, with these files in it. */
export function temporaryDirectory(files: FileTree = {}): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'kbuild-ts-test-')));
  made.push(path);
  return writeTree(path, files);
}

/** Writes files into a directory, with the directories that they lie in. */
export function writeTree(directory: string, files: FileTree): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content);
    else if ('link' in content) symlinkSync(content.link, path);
    else writeFileSync(path, content.program, { mode: 0o755 });
  }
  return directory;
}
