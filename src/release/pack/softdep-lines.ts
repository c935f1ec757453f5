import type { LoadSettings } from './release-project.js';

/** The lines that modprobe.d and modules.softdep have in common. */
export function softdepLines({ softdep }: Pick<LoadSettings, 'softdep'>): string[] {
  return Object.entries(softdep)
    .filter(([, { pre, post }]) => pre.length + post.length > 0)
    .map(([module, { pre, post }]) =>
      [
        `softdep ${module}`,
        ...(pre.length > 0 ? [`pre: ${pre.join(' ')}`] : []),
        ...(post.length > 0 ? [`post: ${post.join(' ')}`] : []),
      ].join(' '),
    );
}

/**
 * depmod's files, with the softdeps that configurations say after those that modules say; names as
 * the kernel has them, which not every reader of it makes of others.
 */
export function withSoftdeps(
  files: Record<string, string | Uint8Array>,
  settings: readonly Pick<LoadSettings, 'softdep'>[],
): Record<string, string | Uint8Array> {
  const lines = settings.flatMap(softdepLines);
  const own = files['modules.softdep'];
  if (lines.length === 0 || typeof own !== 'string') return files;
  return {
    ...files,
    'modules.softdep': own + lines.map((line) => `${line.replaceAll('-', '_')}\n`).join(''),
  };
}
