import { printable } from '../errors/printable.js';
import { explainErrno } from '../kernel/errno.js';
import type { CaseRecord } from './case-record.js';
import type { Reason } from './case-result.js';
import { kernelWords, quote } from './case-words.js';

/** Modules that stay, and what modules left behind. */
export function unloadReasons({ loads, unloads, leftBehind }: CaseRecord): Reason[] {
  const refused = unloads.flatMap(({ module, error, messages }): Reason[] => {
    if (error === undefined) return [];
    const words = kernelWords(messages, module).map(quote);
    const why = words.length === 0 ? '' : `: ${words.join(', ')}`;
    return [
      {
        code: 'UNLOAD_REFUSED',
        text: `${module}: it could not be unloaded: ${meaning(error)}${why}`,
      },
    ];
  });
  // Of a module that is there still, this is no news.
  const staying = [
    ...loads.filter(({ isCutShort }) => isCutShort),
    ...unloads.filter(({ error }) => error !== undefined),
  ].map(({ module }) => `/sys/module/${module}`);
  const left = leftBehind
    .filter((path) => !staying.includes(path))
    .map((path): Reason => ({
      code: 'LEFT_BEHIND',
      text: `${printable(path)} is still there after the last unload`,
    }));
  return [...refused, ...left];
}

/** delete_module(2): what its errors say is another thing than elsewhere. */
function meaning(error: string): string {
  if (error === 'EAGAIN' || error === 'EWOULDBLOCK') return `${error} (it is in use)`;
  if (error === 'EBUSY') return `${error} (it is in use, or has no exit function)`;
  return explainErrno(error);
}
