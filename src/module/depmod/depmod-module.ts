/** What depmod reads of one module file. */
export interface DepmodModule {
  /** Path below lib/modules/<release>, for example `kernel/fs/ext4/ext4.ko.xz`. */
  readonly path: string;
  /** The tags of `.modinfo`; `alias`, `softdep` and `weakdep` matter here. */
  readonly modinfo: Readonly<Record<string, readonly string[]>>;
  /** In file order, as depmod sees them. A name's bytes are its characters (Latin-1). */
  readonly exports: readonly SymbolVersion[];
  /** In file order, as depmod sees them: undefined symbols, then the rest of `__versions`. */
  readonly imports: readonly ImportVersion[];
}

/** A symbol with its CRC; none counts as 0, as for depmod. */
export interface SymbolVersion {
  readonly name: string;
  readonly crc?: number;
}

export interface ImportVersion extends SymbolVersion {
  /** A weak import may stay unresolved. */
  readonly weak: boolean;
}
