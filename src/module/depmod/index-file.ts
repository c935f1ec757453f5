import { isAscii } from './byte-string.js';
import { IndexWriter, type IndexChild, type IndexEntry } from './index-writer.js';

interface Key {
  readonly key: string;
  readonly values: readonly IndexEntry[];
}

/**
 * Writes an index of kmod (format 2.1, described in libkmod/libkmod-index.c): a radix tree with
 * one byte to an arc. Nodes follow their children, as kmod 30 writes them; kmod 34 writes them
 * before them. Readers take both. Entries that are not ASCII are left out: the format has no place
 * for them.
 * @param entries in the order in which depmod adds them
 */
export function writeIndex(entries: Iterable<IndexEntry>): Uint8Array {
  const byKey = new Map<string, IndexEntry[]>();
  for (const entry of entries) {
    if (!isAscii(entry.key + entry.value)) continue;
    const values = byKey.get(entry.key);
    if (values === undefined) byKey.set(entry.key, [entry]);
    else values.push(entry);
  }
  const keys = [...byKey]
    // Of values of one priority, the last one added stands first.
    .map(([key, values]) => ({ key, values: values.reverse().sort(byPriority) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return writeTree(keys);
}

const byPriority = (a: IndexEntry, b: IndexEntry): number => a.priority - b.priority;

/** A node whose children are being written: sorted keys that are equal up to `end`. */
interface OpenNode {
  /** The range of keys that are left to its children. */
  next: number;
  readonly stop: number;
  /** What leads to it from its parent, behind the byte that names it there. */
  readonly prefix: string;
  readonly end: number;
  readonly values: readonly IndexEntry[];
  /** The byte that names it. */
  readonly arc: number;
  readonly children: IndexChild[];
}

/** Without recursion: a tree is as deep as its longest key. */
function writeTree(keys: readonly Key[]): Uint8Array {
  const writer = new IndexWriter();
  const open = (next: number, stop: number, start: number, end: number): OpenNode => {
    const { key = '', values = [] } = keys[next] ?? {};
    const [own, arc, prefix] = [
      key.length === end,
      key.charCodeAt(start - 1),
      key.slice(start, end),
    ];
    const rest = { stop, end, arc, prefix, children: [] };
    return own ? { next: next + 1, values, ...rest } : { next, values: [], ...rest };
  };
  const stack = [open(0, keys.length, 0, 0)];
  let root = 0;
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const { next, stop, end } = node;
    if (next < stop) {
      node.next = endOfArc(keys, next, stop, end);
      stack.push(open(next, node.next, end + 1, sharedLength(keys[next], keys[node.next - 1])));
    } else {
      stack.pop();
      const offset = writer.node(node.prefix, node.children, node.values);
      stack.at(-1)?.children.push({ arc: node.arc, offset });
      root = offset;
    }
  }
  return writer.done(root);
}

/** Where the keys end that have the same byte at one place as the first of them. */
function endOfArc(keys: readonly Key[], first: number, stop: number, at: number): number {
  const arc = keys[first]?.key.charCodeAt(at);
  let end = first + 1;
  while (end < stop && keys[end]?.key.charCodeAt(at) === arc) end++;
  return end;
}

/** How many characters all of the sorted keys begin with: those that the outermost two share. */
function sharedLength(first: Key | undefined, last: Key | undefined): number {
  const [a, b] = [first?.key ?? '', last?.key ?? ''];
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
