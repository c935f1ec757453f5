import type { Event } from '../../events/event.js';
import type { LeftOut } from './archive-tree.js';
import { quoted } from './refusal.js';

/** Naming more would hide what else is said. */
const named = 5;

/** What is said of the links that were not unpacked from an archive. */
export function leftOutWarning(archive: string, leftOut: readonly LeftOut[]): Event {
  const links = leftOut
    .slice(0, named)
    .map(({ path, target }) => `${quoted(path)} to ${quoted(target)}`);
  if (leftOut.length > named) links.push(`${leftOut.length - named} more`);
  return {
    type: 'warning',
    message: `${archive}: links that lead out of its sources are left out: ${links.join(', ')}`,
    hint: 'If the build misses one, unpack the archive yourself, put there what the link stands for, and name the directory.',
  };
}
