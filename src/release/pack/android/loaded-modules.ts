import { kernelName, type ProjectPart } from './project-part.js';

/**
 * What Android loads at boot, in this order: of each project the modules that its configuration
 * loads at boot, else all of it but those that are not to be loaded by themselves. Only modules of
 * the partition: what the loader does not find ends the loading.
 * @param ordered the files of all modules, each after those that it needs
 */
export function loadedModules(parts: readonly ProjectPart[], ordered: readonly string[]): string[] {
  const loaded = new Set(parts.flatMap(({ project, kernel }) => wanted(project.settings, kernel)));
  return ordered.filter((file) => loaded.has(kernelName(file)));
}

function wanted(
  { autoload, blacklist }: ProjectPart['project']['settings'],
  { modules }: ProjectPart['kernel'],
): string[] {
  const blocked = new Set(blacklist.map(kernelName));
  const own = modules.map(({ name }) => kernelName(name)).filter((name) => !blocked.has(name));
  const names = autoload.length > 0 ? autoload.map(kernelName) : own;
  return names.map((name) => `${name}.ko`);
}
