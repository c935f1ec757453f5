import { archiveOfEntries, type ArchiveEntry } from './archive.js';

/** A member of an `ar` archive, under the very name that is given. */
export interface DebMember {
  name: string;
  content: string | Uint8Array;
}

/** An `ar` archive of members, whatever they are (ar(5)). */
export function arOf(members: readonly DebMember[]): Buffer {
  const parts = members.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content);
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6)];
    const header = `${fields.join('')}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    return [Buffer.from(header), bytes, Buffer.from(bytes.length % 2 === 1 ? '\n' : '')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

export const debControl = 'Package: demo-dkms\nVersion: 1.0-1\nArchitecture: all\n';

/** The members of a Debian package with these entries, uncompressed; `control` is its control file. */
export async function debMembers(
  entries: readonly ArchiveEntry[],
  control = debControl,
): Promise<DebMember[]> {
  return [
    { name: 'debian-binary', content: '2.0\n' },
    {
      name: 'control.tar',
      content: await archiveOfEntries([{ name: './control', content: control }]),
    },
    { name: 'data.tar', content: await archiveOfEntries(entries) },
  ];
}
