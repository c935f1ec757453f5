import { kdirFindingCatalogue } from './finding-catalogue.js';

/** What a KDIR refers to, and builds cannot see. */
export interface BrokenReference {
  /** The link, or the file that includes. */
  from: string;
  by: 'link' | 'include';
  target: string;
  /** No module can be built without it. */
  needed: boolean;
  /** It exists, but is no part of a kernel: builds do not get to see it. */
  refused?: true;
}

/** What is broken about a reference, in words. */
export function describeBroken({ from, by, target, refused }: BrokenReference): string {
  const why = refused ? 'is no part of a kernel: builds do not see it' : 'does not exist';
  return `${from} ${by === 'link' ? 'leads to' : 'includes'} ${target}, which ${why}`;
}

/** What to do about it. */
export const remedyOfBroken = ({ refused }: BrokenReference): string =>
  refused
    ? 'Copy what it leads to into the KDIR, or put it where the rest of its kernel is.'
    : kdirFindingCatalogue.KDIR_BROKEN_LINK.remedy;
