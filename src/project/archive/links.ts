import { posix } from 'node:path';
import type { ArchiveNode } from './archive-tree.js';
import { Refusal } from './refusal.js';

/** Linux follows no more links on one way (path_resolution(7)). */
const maximumLinks = 40;

/** Steps that all links of an archive together may take: links to links can take very many. */
export class LinkBudget {
  constructor(private left: number) {}

  spend(): void {
    if (--this.left < 0) throw new Refusal('its links lead through too many others');
  }
}

/** Whether a place lies in a part of the tree, or on the way down to it. */
export const meets = (at: readonly string[], part: readonly string[]): boolean =>
  part.every((name, depth) => at[depth] === undefined || at[depth] === name);

/**
 * Whether a symbolic link, followed as Linux follows it, ever leaves a part of the tree; it may go up
 * from there and come down again. A part of the way that is not there counts as a directory:
 * something may lie there later.
 * @param path of the link, from the root of the tree
 * @param part of the tree, from its root; empty for all of it
 */
export function leadsOut(
  nodes: ReadonlyMap<string, ArchiveNode>,
  path: string,
  target: string,
  part: readonly string[],
  budget: LinkBudget,
): boolean {
  if (target.startsWith('/')) return true;
  const here = posix.dirname(path);
  const at = here === '.' ? [] : here.split('/');
  const ahead = target.split('/').reverse();
  let links = 0;
  for (let step = ahead.pop(); step !== undefined; step = ahead.pop()) {
    budget.spend();
    if (step === '' || step === '.') continue;
    if (step === '..') {
      if (at.length === 0) return true;
      at.pop();
      continue;
    }
    at.push(step);
    if (!meets(at, part)) return true;
    const node = nodes.get(at.join('/'));
    if (node?.kind !== 'link') continue;
    if (++links > maximumLinks) return false; // it leads nowhere
    if (node.target.startsWith('/')) return true;
    at.pop();
    ahead.push(...node.target.split('/').reverse());
  }
  return at.length < part.length;
}
