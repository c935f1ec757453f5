import { KbuildError } from '../errors/kbuild-error.js';

const scales: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** A size such as `512m` or `4g`, in bytes. @throws KbuildError USAGE */
export function parseSize(text: string, option: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
  const scale = scales[unit?.toLowerCase() ?? 'none'];
  const bytes = Math.floor(Number(digits) * (scale ?? 0));
  if (bytes >= 1) return bytes;
  throw new KbuildError('USAGE', `--${option} ${text}: not a size`, 'Write 512m, 4g or the like.');
}

const seconds: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration such as `90`, `90s`, `10m` or `30d`, in milliseconds. @throws KbuildError USAGE */
export function parseDuration(text: string, option: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/i.exec(text) ?? [];
  const scale = seconds[unit?.toLowerCase() ?? 'none'];
  if (digits !== undefined && scale !== undefined && Number(digits) > 0) {
    return Number(digits) * scale * 1000;
  }
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
