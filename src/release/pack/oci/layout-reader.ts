import type { z } from 'zod';
import { KbuildError } from '../../../errors/kbuild-error.js';
import type { ReleaseFile } from '../format.js';
import { digestOf, refName } from './descriptor.js';
import { layoutDocument, refsDocument, type LayoutDescriptor } from './documents.js';

/** A name in a layout, and what it stands for. */
export interface LayoutRef {
  name: string;
  descriptor: LayoutDescriptor;
}

/** Reads an OCI layout: each blob only by a descriptor that it fits. */
export class LayoutReader {
  readonly #root: string;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #used = new Set<string>();

  /** @param root its directory, as the files' paths have it: `oci/ring` */
  constructor(root: string, files: readonly ReleaseFile[]) {
    this.#root = root;
    this.#files = new Map(
      files
        .filter(({ path }) => path.startsWith(`${root}/`))
        .map(({ path, bytes }) => [path.slice(root.length + 1), bytes]),
    );
  }

  /** @throws KbuildError PACKAGE_FAILED */
  refs(): LayoutRef[] {
    this.#parse('oci-layout', this.#file('oci-layout'), layoutDocument);
    const { manifests } = this.#parse('index.json', this.#file('index.json'), refsDocument);
    return manifests.map((descriptor) => {
      const name = descriptor.annotations?.[refName];
      if (name === undefined) throw this.failed(`${descriptor.digest} has no name in index.json`);
      return { name, descriptor };
    });
  }

  /**
   * The bytes that a descriptor stands for.
   * @throws KbuildError PACKAGE_FAILED if they are not these
   */
  blob({ digest, size }: LayoutDescriptor): Uint8Array {
    const bytes = this.#file(this.pathOf(digest));
    if (bytes.length !== size) throw this.failed(`${digest} has not ${size} bytes`);
    if (digestOf(bytes) !== digest) throw this.failed(`${digest} has other bytes`);
    return bytes;
  }

  /** @throws KbuildError PACKAGE_FAILED */
  document<T extends z.ZodType>(descriptor: LayoutDescriptor, schema: T): z.infer<T> {
    return this.#parse(descriptor.digest, this.blob(descriptor), schema);
  }

  /** Where a blob lies in the layout. */
  pathOf(digest: string): string {
    return `blobs/${digest.replace(':', '/')}`;
  }

  /** @throws KbuildError PACKAGE_FAILED if there is a file that nothing leads to */
  checkAllUsed(): void {
    const other = [...this.#files.keys()].find((path) => !this.#used.has(path));
    if (other !== undefined) throw this.failed(`nothing in it leads to ${other}`);
  }

  failed(why: string): KbuildError {
    return new KbuildError(
      'PACKAGE_FAILED',
      `the images in ${this.#root} cannot be read back: ${why}`,
      'Something changed them after they were made: make them anew.',
    );
  }

  #file(path: string): Uint8Array {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw this.failed(`there is no ${path}`);
    this.#used.add(path);
    return bytes;
  }

  #parse<T extends z.ZodType>(what: string, bytes: Uint8Array, schema: T): z.infer<T> {
    let document: unknown;
    try {
      document = JSON.parse(Buffer.from(bytes).toString());
    } catch {
      throw this.failed(`${what} is not JSON`);
    }
    const { data, error } = schema.safeParse(document);
    const [issue] = error?.issues ?? [];
    if (issue === undefined) return data as z.infer<T>;
    throw this.failed(`${what}: ${issue.path.join('.')}: ${issue.message}`);
  }
}
