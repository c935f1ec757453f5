import type { Row } from './row.js';
import type { Workplace } from './workplace.js';

/** What every group of rows is given. */
export interface Bench {
  /** bin/kbuild-ts.js, compiled. */
  bin: string;
  /** The examples' directory. */
  examples: string;
  /** Measured turns of each contestant. */
  runs: number;
  workplace: Workplace;
}

/** What a group of rows has to show. */
export interface Measured {
  rows: Row[];
  /** Markdown that stands below the table: what the numbers are made of. */
  notes?: string[];
}

export type Group = (bench: Bench) => Promise<Measured>;
