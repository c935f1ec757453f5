import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { BlobStore } from './blob-store.js';
import { DirectoryBlobs } from './directory-blobs.js';
import type { HttpPlace } from './http-blobs.js';

/** The variable with a bearer token. */
export const tokenVariable = 'KBUILD_TS_CACHE_TOKEN';

/**
 * Opens the store at a path or at an http(s) URL. Only what is plainly wrong is an error: a server that
 * does not answer is found out by who asks it.
 * @param option what the user named it with, for messages: `--shared-cache`
 * @throws KbuildError USAGE
 */
export async function openBlobStore(
  place: string,
  option: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<BlobStore> {
  if (!isUrl(place)) return new DirectoryBlobs(directoryAt(place, option));
  const http = parseHttpPlace(place, option, environment[tokenVariable] ?? '');
  const { HttpBlobs } = await import('./http-blobs.js');
  return new HttpBlobs(http);
}

/** Whether a place is meant as a URL, of whatever scheme. */
export const isUrl = (place: string): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(place);

/**
 * The directory of a shared cache. It must be there: one that is made where a share is not mounted
 * would be shared by nobody.
 * @throws KbuildError USAGE
 */
export function directoryAt(place: string, option: string): string {
  const directory = resolve(place);
  try {
    if (statSync(directory).isDirectory()) return directory;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Any other: a share that does not answer, or that may not be read.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return directory;
    throw new KbuildError(
      'USAGE',
      `${option}: there is no directory ${directory}`,
      `Name a directory that is there ('mkdir ${directory}' makes it), or an http(s) URL.`,
    );
  }
  throw new KbuildError(
    'USAGE',
    `${option}: ${directory} is no directory`,
    'Name a directory, or an http(s) URL.',
  );
}

/** @throws KbuildError USAGE; its message has no credentials */
export function parseHttpPlace(place: string, option: string, token: string): HttpPlace {
  const shown = withoutCredentials(place);
  const wrong = (what: string, hint: string) =>
    new KbuildError('USAGE', `${option}: ${what}`, hint);
  const url = URL.canParse(place) ? new URL(place) : undefined;
  if (url === undefined) {
    throw wrong(`'${shown}' is no URL`, 'Write http://host:port/path, or the path of a directory.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw wrong(
      `'${url.protocol}' is nothing that kbuild-ts speaks`,
      'Write an http:// or https:// URL, or the path of a directory.',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw wrong(
      `'${url.origin}${url.pathname}…' has more than a path`,
      'Leave out what begins with ? or #: names of entries are put after the path.',
    );
  }
  const where = { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}` };
  const hasUser = url.username !== '' || url.password !== '';
  if (hasUser && token !== '') {
    throw wrong(
      `${where.url} is given with a user, and ${tokenVariable} is set too`,
      `Take one of them: a server is told either a password or a token.`,
    );
  }
  if (hasUser) {
    const user = `${decoded(url.username)}:${decoded(url.password)}`;
    return { ...where, authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  }
  if (token === '') return where;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new KbuildError(
      'USAGE',
      `${tokenVariable} has blanks or characters in it that no header can hold`,
      'Set it to the token alone, without an end of line.',
    );
  }
  return { ...where, authorization: `Bearer ${token}` };
}

/** What stands for itself where it is no percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A URL, or what was meant as one, as people may see it. */
export const withoutCredentials = (place: string): string => place.replace(/\/\/.*@/, '//…@');
