import { KbuildError } from '../../errors/kbuild-error.js';
import type { Emit } from '../../events/event.js';
import { isBelow } from '../../kernel/is-below.js';
import type { ArchiveContext, OpenedArchive } from './open-archive.js';

/** What the archives of a run need. */
export interface ArchivesContext extends ArchiveContext {
  /** Is told of what is left out of an archive. */
  emit?: Emit;
}

/** The archives of a run: each is unpacked once, also where two files hold the same. */
export class Archives {
  readonly #opened = new Map<string, OpenedArchive>();

  /** @param buildDeps packages that the user named: no archive gets others */
  constructor(
    private readonly context: ArchivesContext | undefined,
    private readonly buildDeps: readonly string[] = [],
  ) {}

  /**
   * Unpacks one.
   * @returns the directories of its projects
   * @throws KbuildError SOURCE_ARCHIVE, PROJECT_NOT_FOUND where a file will not do
   */
  async open(file: string): Promise<string[]> {
    if (this.context === undefined) {
      throw new KbuildError(
        'PROJECT_NOT_FOUND',
        `${file} is a file, and no directory`,
        'Name the directory that holds the module; an archive must be unpacked for this.',
      );
    }
    const [{ openArchive }, { leftOutWarning }] = await Promise.all([
      import('./open-archive.js'),
      import('./left-out-warning.js'),
    ]);
    const archive = await openArchive(file, this.context);
    const known = this.#opened.get(archive.hash);
    if (known !== undefined) return known.directories;
    this.#opened.set(archive.hash, archive);
    if (archive.leftOut.length > 0) this.context.emit?.(leftOutWarning(file, archive.leftOut));
    return archive.directories;
  }

  /** The archive that a directory came out of. */
  holding(directory: string): OpenedArchive | undefined {
    return [...this.#opened.values()].find(({ root }) => isBelow(directory, root));
  }

  /**
   * Refuses a directory of an archive whose configuration reaches out of it.
   * @throws KbuildError SOURCE_ARCHIVE
   */
  async check(directory: string): Promise<void> {
    const archive = this.holding(directory);
    if (archive === undefined) return;
    const { checkContained } = await import('./contained.js');
    await checkContained(directory, archive.root, archive.origin.archive, this.buildDeps);
  }

  /**
   * Refuses what a directory of an archive stands for where it does not lie in the archive.
   * @throws KbuildError SOURCE_ARCHIVE
   */
  async checkReach(directory: string, paths: readonly string[]): Promise<void> {
    const archive = this.holding(directory);
    if (archive === undefined) return;
    const { checkReach } = await import('./contained.js');
    checkReach(paths, archive.root, archive.origin.archive);
  }
}
