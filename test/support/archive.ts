import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack, type Header } from 'tar-stream';

/** A tar archive of files by their names, as a job's script writes it: `./` before each. */
export function archiveOf(files: Record<string, string | Uint8Array>): Promise<Buffer> {
  return archiveOfEntries(
    Object.entries(files).map(([name, content]) => ({ name: `./${name}`, content })),
  );
}

export type ArchiveEntry = Pick<Header, 'name'> &
  Partial<Header> & { content?: string | Uint8Array };

/** A tar archive of entries of any type, under the very names that are given. */
export function archiveOfEntries(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = '', ...header } of entries) archive.entry(header, Buffer.from(content));
  archive.finalize();
  return buffer(Readable.from(archive));
}
