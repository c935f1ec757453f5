import { posix } from 'node:path';
import type { Header } from 'tar-stream';
import { checkText, cleanName, partsOf } from './entry-name.js';
import type { ArchiveLimits } from './limits.js';
import { leadsOut, LinkBudget, meets } from './links.js';
import { quoted, Refusal } from './refusal.js';

/** What an archive has under a name. */
export type ArchiveNode =
  { kind: 'directory' } | { kind: 'file'; size: number } | { kind: 'link'; target: string };

/** What is to be done for an entry; undefined where nothing is. */
export type EntryAction =
  | { kind: 'directory'; path: string }
  | { kind: 'file'; path: string }
  /** Links are made last of all, as the tree has them then. */
  | { kind: 'link'; path: string }
  /** A second name of a file that came before. */
  | { kind: 'same'; path: string; as: string };

/** A link that is not unpacked, since it leads out of what is. */
export interface LeftOut {
  path: string;
  target: string;
}

/** Where the tarballs of dkms have their sources; nothing else of these is kept. */
const treeOfDkms = 'dkms_source_tree';

/**
 * The tree that an archive's entries make, before anything of it is on disk. A name that leads out
 * of it, and whatever makes of one name two things, is refused; a link that leads out is left out.
 */
export class ArchiveTree {
  readonly nodes = new Map<string, ArchiveNode>();
  #bytes = 0;
  #entries = 0;

  /**
   * @param part that is unpacked, from the root; the rest counts against the limits, and that is all.
   * Empty: all is.
   */
  constructor(
    readonly limits: ArchiveLimits,
    readonly part: readonly string[] = [],
  ) {}

  /**
   * Takes the next entry.
   * @throws Refusal
   */
  add({ name, type, linkname, size, pax }: Header): EntryAction | undefined {
    if (++this.#entries > this.limits.entries) throw this.#tooMany();
    if (!meets(partsOf(name), this.part)) {
      this.#count(size);
      return undefined;
    }
    const path = cleanName(name, 'entry');
    // GNU tar's sparse files look like others, and their content is a map and parts.
    if (Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse'))) {
      throw odd(name, 'is a sparse file', 'Pack it without --sparse.');
    }
    if (type === 'directory') return path === '' ? undefined : this.#directory(path, name);
    if (path === '') throw odd(name, 'stands for the archive itself and is no directory');
    this.#parents(path, name);
    if (this.nodes.has(path)) throw odd(name, 'is there twice');
    switch (type) {
      case 'file':
      case 'contiguous-file':
        this.#file(path, size);
        return { kind: 'file', path };
      case 'link': {
        const as = cleanName(linkname, `hard link ${quoted(name)} to`);
        if (!meets(partsOf(as), this.part)) {
          this.#set(path, { kind: 'link', target: `/${as}` });
          return { kind: 'link', path };
        }
        const original = this.nodes.get(as);
        if (original?.kind !== 'file') {
          throw odd(name, `is a hard link to ${quoted(linkname)}, which is no file before it`);
        }
        this.#file(path, original.size);
        return { kind: 'same', path, as };
      }
      case 'symlink':
        checkText(linkname, `link ${quoted(name)} to`);
        if (linkname === '') throw odd(name, 'is a link to nothing');
        this.#set(path, { kind: 'link', target: linkname });
        return { kind: 'link', path };
      case 'character-device':
      case 'block-device':
        throw odd(name, 'is a device');
      case 'fifo':
        throw odd(name, 'is a named pipe');
      default: // the types do not tell of what tar-stream does not know
        throw odd(name, 'is of a type that is not known');
    }
  }

  /**
   * Takes the links out that lead out, by whatever ways. To be called when all entries are there.
   * @throws Refusal for links that cannot be followed to their ends
   */
  takeOutLinks(): LeftOut[] {
    this.#makeRelative();
    const budget = new LinkBudget(this.limits.entries * 10);
    const ofDkms = this.nodes.get(treeOfDkms)?.kind === 'directory';
    // Places change where these are laid out: a link by way of what is not kept could lead anywhere.
    const part = this.part.length === 0 && ofDkms ? [treeOfDkms] : this.part;
    const outward = [...this.nodes].flatMap(([path, node]) =>
      node.kind === 'link' && leadsOut(this.nodes, path, node.target, part, budget)
        ? { path, target: node.target }
        : [],
    );
    for (const { path } of outward) this.nodes.delete(path);
    return outward.filter(({ path }) => meets(partsOf(path), part));
  }

  /**
   * Absolute links to what is unpacked lead there from wherever that will lie; to what another
   * package has they lead out.
   */
  #makeRelative(): void {
    if (this.part.length === 0) return; // nothing says where the archive lies on a system
    for (const [path, node] of this.nodes) {
      if (node.kind !== 'link' || !node.target.startsWith('/')) continue;
      const to = partsOf(node.target);
      if (to.includes('..') || !this.#holds(to)) continue;
      const target = posix.relative(`/${posix.dirname(path)}`, `/${to.join('/')}`) || '.';
      this.nodes.set(path, { kind: 'link', target });
    }
  }

  /** Whether a path lies in the part that is unpacked, and is there, maybe by way of a link. */
  #holds(path: readonly string[]): boolean {
    if (path.length < this.part.length || !meets(path, this.part)) return false;
    if (this.nodes.has(path.join('/'))) return true;
    return path.some((_, depth) => this.nodes.get(path.slice(0, depth).join('/'))?.kind === 'link');
  }

  #directory(path: string, name: string): EntryAction {
    this.#parents(path, name);
    const known = this.nodes.get(path);
    if (known !== undefined && known.kind !== 'directory') throw odd(name, 'is there twice');
    this.#set(path, { kind: 'directory' });
    return { kind: 'directory', path };
  }

  #file(path: string, size: number): void {
    this.#count(size);
    this.#set(path, { kind: 'file', size });
  }

  #count(size: number): void {
    this.#bytes += size;
    if (this.#bytes > this.limits.bytes) {
      throw new Refusal(
        `its files have more than ${this.limits.bytes} bytes`,
        'No driver is that large. If you trust it, unpack it yourself and name the directory.',
      );
    }
  }

  /** The directories that a path lies in are there even where no entry says so. */
  #parents(path: string, name: string): void {
    const parent = posix.dirname(path);
    if (parent === '.') return;
    const known = this.nodes.get(parent);
    if (known?.kind === 'directory') return;
    if (known !== undefined) {
      throw odd(name, `lies below ${quoted(parent)}, which is a ${known.kind}`);
    }
    this.#parents(parent, name);
    this.#set(parent, { kind: 'directory' });
  }

  #set(path: string, node: ArchiveNode): void {
    this.nodes.set(path, node);
    if (this.nodes.size > this.limits.entries) throw this.#tooMany();
  }

  #tooMany(): Refusal {
    return new Refusal(
      `it has more than ${this.limits.entries} entries`,
      'No driver has that many files. If you trust it, unpack it yourself and name the directory.',
    );
  }
}

function odd(name: string, why: string, hint?: string): Refusal {
  return new Refusal(`its entry ${quoted(name)} ${why}`, hint);
}
