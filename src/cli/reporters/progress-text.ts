import type { Event } from '../../events/event.js';

export type Progress = Extract<Event, { type: 'progress' }>;

/** A part of the line of progress, and how it is painted. */
export interface Part {
  text: string;
  format?: 'red' | 'yellow' | 'bold';
}

/** `12/48 done`, `8 cached`, `1 failed`, `2 running`, `about 1 min 20 s left`; what is none, is left out. */
export function progressParts(progress: Progress): Part[] {
  const { done, total, more, cached, failed, skipped, running } = progress;
  const left = remainingText(progress);
  return [
    { text: `${done}/${total}${more ? '+' : ''} done`, format: 'bold' },
    ...(cached > 0 ? [{ text: `${cached} cached` }] : []),
    ...(failed > 0 ? [{ text: `${failed} failed`, format: 'red' as const }] : []),
    ...(skipped > 0 ? [{ text: `${skipped} skipped`, format: 'yellow' as const }] : []),
    ...(running > 0 ? [{ text: `${running} running` }] : []),
    ...(left === undefined ? [] : [{ text: left }]),
  ];
}

/** How long it will take until all is done, if that is known and something is left. */
export function remainingText({ remainingMs, done, total, more }: Progress): string | undefined {
  if (remainingMs === undefined || done === total) return undefined;
  const rounded = roughly(remainingMs);
  if (rounded === undefined) return more ? undefined : 'a few seconds left';
  return `${more ? 'at least' : 'about'} ${rounded} left`;
}

/** About how long a duration is: no number is more exact than it can be. Undefined for some seconds. */
export function roughly(milliseconds: number): string | undefined {
  const seconds = milliseconds / 1000;
  if (seconds < 7.5) return undefined;
  if (seconds < 57.5) return `${Math.round(seconds / 5) * 5} s`;
  if (seconds < 595) return pair(Math.round(seconds / 10) * 10, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : pair(Math.round(minutes / 5) * 5, 60, 'h', 'min');
}

function pair(value: number, size: number, large: string, small: string): string {
  const rest = value % size;
  return `${Math.floor(value / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
