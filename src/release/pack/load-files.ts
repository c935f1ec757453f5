import type { LoadSettings } from './release-project.js';
import { softdepLines } from './softdep-lines.js';
import type { TreeEntry } from './tree-entry.js';

/**
 * The files that tell modprobe and systemd of a project's modules (modprobe.d(5), modules-load.d(5)),
 * in the directories that packages have. None where there is nothing to tell.
 * @param name of the files
 */
export function loadFiles(name: string, settings: LoadSettings): TreeEntry[] {
  const modprobe = modprobeText(settings);
  const autoload = settings.autoload.map((module) => `${module}\n`).join('');
  return [
    ...(modprobe === '' ? [] : [file(`usr/lib/modprobe.d/${name}.conf`, modprobe)]),
    ...(autoload === '' ? [] : [file(`usr/lib/modules-load.d/${name}.conf`, autoload)]),
  ];
}

/** The lines of modprobe.d; empty for none. */
export function modprobeText({ options, blacklist, softdep }: LoadSettings): string {
  return [
    ...Object.entries(options).map(([module, text]) => `options ${module} ${text}`),
    ...blacklist.map((module) => `blacklist ${module}`),
    ...softdepLines({ softdep }),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

const file = (path: string, content: string): TreeEntry => ({ path, content, executable: false });
