import { durationInMs, sizeInBytes } from '../data/quantity.js';
import { KbuildError } from '../errors/kbuild-error.js';

/** A size such as `512m` or `4g`, in bytes. @throws KbuildError USAGE */
export function parseSize(text: string, option: string): number {
  const bytes = sizeInBytes(text);
  if (bytes !== undefined) return bytes;
  throw new KbuildError('USAGE', `--${option} ${text}: not a size`, 'Write 512m, 4g or the like.');
}

/** A duration such as `90`, `90s`, `10m` or `30d`, in milliseconds. @throws KbuildError USAGE */
export function parseDuration(text: string, option: string): number {
  const milliseconds = durationInMs(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new KbuildError(
    'USAGE',
    `--${option} ${text}: not a duration`,
    'Write 90s, 10m, 12h, 30d or the like.',
  );
}

/** Bytes for people: `4.2 KiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let value = bytes;
  for (; Math.round(value) >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds for people: `1.2 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  const total = milliseconds / 1000;
  // What would be rounded up to the next unit is shown in that one.
  if (total < 59.95) return `${total.toFixed(total < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(total);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
