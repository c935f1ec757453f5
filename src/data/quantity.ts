const scales: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** A size such as `512m` or `4g`, in bytes; undefined for what is none. */
export function sizeInBytes(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?$/i.exec(text) ?? [];
  const scale = scales[unit?.toLowerCase() ?? 'none'];
  const bytes = Math.floor(Number(digits) * (scale ?? 0));
  return bytes >= 1 ? bytes : undefined;
}

const seconds: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration such as `90`, `90s`, `10m` or `30d`, in milliseconds; undefined for what is none. */
export function durationInMs(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/i.exec(text) ?? [];
  const scale = seconds[unit?.toLowerCase() ?? 'none'];
  if (digits === undefined || scale === undefined || Number(digits) <= 0) return undefined;
  return Number(digits) * scale * 1000;
}
