import { controls, quoted, Refusal } from './refusal.js';

/** Linux takes 255 bytes for a name and 4096 for a path, of which the cache's own needs some. */
const longest = { name: 255, path: 2048 };

/** The names on a path, without `.` and empty ones. */
export const partsOf = (path: string): string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');

/**
 * A name as a path from the root of the archive, without `.`; empty for the root itself.
 * @param of what it is the name of
 * @throws Refusal for one that leads out, or that no file should have
 */
export function cleanName(name: string, of: string): string {
  checkText(name, of);
  if (name.startsWith('/')) throw leads(of, name, 'is absolute');
  const parts = partsOf(name);
  if (parts.includes('..')) throw leads(of, name, 'leads out of its directory');
  const path = parts.join('/');
  if (
    Buffer.byteLength(path) > longest.path ||
    parts.some((part) => Buffer.byteLength(part) > longest.name)
  ) {
    throw leads(of, name, 'is longer than file systems take');
  }
  return path;
}

/** @throws Refusal for a name that cannot be shown, or is no text, or is too long */
export function checkText(name: string, of: string): void {
  if (typeof name !== 'string') throw new Refusal(`its ${of} has no name`);
  if (name.includes('\ufffd')) throw leads(of, name, 'is no UTF-8');
  if (name.search(controls) !== -1) throw leads(of, name, 'holds control characters');
  if (Buffer.byteLength(name) > 2 * longest.path) {
    throw leads(of, name, 'is longer than file systems take');
  }
}

const leads = (of: string, name: string, why: string): Refusal =>
  new Refusal(`its ${of} ${quoted(name)} ${why}`);
