/** What an archive holds at a path; permissions are the lower twelve bits of a mode. */
export type CpioEntry = { path: string } & (
  | { kind: 'directory'; permissions: number }
  | { kind: 'file'; permissions: number; content: Uint8Array }
  | { kind: 'link'; target: string }
  | { kind: 'character device'; permissions: number; major: number; minor: number }
);

/** The file type in a mode (sys/stat.h). */
const types: Record<CpioEntry['kind'], number> = {
  directory: 0o040000,
  file: 0o100000,
  link: 0o120000,
  'character device': 0o020000,
};

/**
 * Makes a cpio archive in the "newc" format, as the kernel unpacks it for an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). All belongs to root, all is of 1970.
 * @param entries each directory before what lies in it; paths without a / at the beginning
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const [i, entry] of entries.entries()) parts.push(...member(i + 1, entry));
  parts.push(header(0, 0, 0, 'TRAILER!!!'));
  return Buffer.concat(parts);
}

function member(inode: number, entry: CpioEntry): Buffer[] {
  const content = contentOf(entry);
  const permissions = entry.kind === 'link' ? 0o777 : entry.permissions;
  const mode = types[entry.kind] | permissions;
  const device = entry.kind === 'character device' ? entry : undefined;
  const head = header(inode, mode, content.length, entry.path, device);
  return [head, content, padding(content.length)];
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.kind === 'link') return Buffer.from(entry.target);
  if (entry.kind !== 'file') return Buffer.alloc(0);
  const { buffer, byteOffset, byteLength } = entry.content;
  return Buffer.from(buffer, byteOffset, byteLength);
}

function header(
  inode: number,
  mode: number,
  size: number,
  path: string,
  { major, minor } = { major: 0, minor: 0 },
): Buffer {
  const name = Buffer.from(`${path}\0`);
  const links = mode >> 12 === types.directory >> 12 ? 2 : 1;
  // c_ino, c_mode, c_uid, c_gid, c_nlink, c_mtime, c_filesize, c_maj, c_min, c_rmaj, c_rmin, c_namesize, c_chksum
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length, 0];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(text, 'latin1'), name]);
  return Buffer.concat([head, padding(head.length)]);
}

/** Headers with their names, and contents, end at a multiple of four bytes. */
const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);
