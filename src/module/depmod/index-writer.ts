/** A key with one of its values; of several, the one of the lowest priority is looked at first. */
export interface IndexEntry {
  readonly key: string;
  readonly value: string;
  readonly priority: number;
}

/** What lies below a node: the byte that leads there, and the node's offset with its flags. */
export interface IndexChild {
  readonly arc: number;
  readonly offset: number;
}

const headerSize = 12;
const flags = { prefix: 0x8000_0000, values: 0x4000_0000, children: 0x2000_0000 };

/** Writes the nodes of an index, one behind the other. */
export class IndexWriter {
  #bytes = Buffer.alloc(1 << 16);
  #size = headerSize;

  #reserve(size: number): void {
    if (this.#size + size <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * (this.#size + size));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }

  #u8(value: number): void {
    this.#reserve(1);
    this.#size = this.#bytes.writeUInt8(value, this.#size);
  }

  #u32(value: number): void {
    this.#reserve(4);
    this.#size = this.#bytes.writeUInt32BE(value, this.#size);
  }

  #string(text: string): void {
    this.#reserve(text.length + 1);
    this.#size += this.#bytes.write(text, this.#size, 'latin1');
    this.#u8(0);
  }

  /** @returns the node's offset with its flags */
  node(prefix: string, children: readonly IndexChild[], values: readonly IndexEntry[]): number {
    let offset = this.#size;
    if (prefix !== '') {
      this.#string(prefix);
      offset += flags.prefix;
    }
    if (children.length > 0) {
      this.#arcs(children);
      offset += flags.children;
    }
    if (values.length > 0) {
      this.#u32(values.length);
      for (const { priority, value } of values) {
        this.#u32(priority);
        this.#string(value);
      }
      offset += flags.values;
    }
    return offset;
  }

  /** An offset for every byte from the first child's to the last one's, 0 where there is none. */
  #arcs(children: readonly IndexChild[]): void {
    const [first, last] = [children[0]?.arc ?? 0, children.at(-1)?.arc ?? 0];
    const offsets = new Map(children.map(({ arc, offset }) => [arc, offset]));
    this.#u8(first);
    this.#u8(last);
    for (let arc = first; arc <= last; arc++) this.#u32(offsets.get(arc) ?? 0);
  }

  done(root: number): Uint8Array {
    this.#bytes.writeUInt32BE(0xb007_f457, 0);
    this.#bytes.writeUInt32BE(0x0002_0001, 4);
    this.#bytes.writeUInt32BE(root, 8);
    return this.#bytes.subarray(0, this.#size);
  }
}
