/** What an archive may be unpacked to at most. */
export interface ArchiveLimits {
  /** Of the archive itself, and of all that comes out of it. */
  bytes: number;
  /** Files, directories and links. */
  entries: number;
}

/** Far more than any driver; the sources of a whole kernel have 1.5 GB and 80,000 files. */
export const archiveLimits: ArchiveLimits = { bytes: 2 ** 30, entries: 200_000 };
