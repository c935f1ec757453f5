import { readAr } from './ar.js';
import { parseControl, type DebControl } from './control.js';
import { decompressed } from './decompressed.js';
import { entryText, readTar, skip } from './read-tar.js';
import { quoted, Refusal } from './refusal.js';

/** A Debian package, not unpacked. */
export interface Deb {
  control: DebControl;
  /** The tar archive of its files, compressed as it is. */
  data: Uint8Array;
}

/** Control archives of real packages have some kilobytes. Bytes. */
const controlLimit = 16 * 2 ** 20;

/**
 * Reads a Debian package (deb(5), version 2): its control file, and where its files lie. Maintainer
 * scripts are passed over.
 * @throws Refusal
 */
export async function readDeb(bytes: Uint8Array): Promise<Deb> {
  const members = readAr(bytes);
  const [format] = members;
  if (format?.name !== 'debian-binary') {
    throw new Refusal(
      'it is an ar archive and no Debian package: debian-binary is not its first member',
      'Name a directory, a .deb or a tar archive.',
    );
  }
  const version = Buffer.from(format.bytes).toString('latin1', 0, 16).split('\n')[0] ?? '';
  if (!/^2\.\d+$/.test(version)) {
    throw new Refusal(`it is a Debian package of format ${quoted(version)}; known is 2.0`);
  }
  // What follows the data is for others; names with an underscore are, wherever they stand.
  const rest = members.slice(1).filter(({ name }) => !name.startsWith('_'));
  const [control, data] = rest;
  const odd = (expected: string, found: string | undefined) =>
    new Refusal(
      `where a Debian package has ${expected}, it has ${found === undefined ? 'nothing' : quoted(found)}`,
    );
  if (control === undefined || !isTar('control', control.name)) {
    throw odd('control.tar', control?.name);
  }
  if (data === undefined || !isTar('data', data.name)) throw odd('data.tar', data?.name);
  const again = rest.slice(2).find(({ name }) => /^(control|data)\.tar/.test(name));
  if (again !== undefined) throw new Refusal(`it has a second ${quoted(again.name)}`);
  return { control: parseControl(await controlFile(control.bytes)), data: data.bytes };
}

function isTar(what: string, name: string): boolean {
  if (!name.startsWith(`${what}.tar`)) return false;
  const end = name.slice(`${what}.tar`.length);
  if (['', '.gz', '.xz', '.zst'].includes(end)) return true;
  throw new Refusal(
    `its ${quoted(name)} is compressed by what is not read here`,
    'Unpack it (dpkg -x FILE DIR) and name the directory.',
  );
}

async function controlFile(archive: Uint8Array): Promise<string> {
  let text: string | undefined;
  await readTar(decompressed(archive, controlLimit), async (entry) => {
    const { name, type } = entry.header;
    if (name.replace(/^\.\//, '') !== 'control' || type !== 'file') return skip(entry);
    if (text !== undefined) throw new Refusal('it has two control files');
    text = await entryText(entry, controlLimit);
  });
  if (text === undefined) throw new Refusal('it has no control file');
  return text;
}
