import { dependencyGraph } from '../../../module/depmod/dependency-graph.js';
import { depmodTexts } from '../../../module/depmod/depmod-texts.js';
import { loadOrder } from '../../../module/depmod/load-order.js';
import { readDepmodModule } from '../../../module/depmod/read-depmod-module.js';
import { withSoftdeps } from '../softdep-lines.js';
import { loadedModules } from './loaded-modules.js';
import { kernelName, type ProjectPart } from './project-part.js';

/**
 * The files of a partition's directory of modules, by name: the modules, and what Android's loader
 * reads (system/core/libmodprobe), as its build makes them of depmod's (build/soong,
 * kernel/prebuilt_kernel_modules.go).
 * @param directory from the root, without a slash before it
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE
 */
export function partitionFiles(
  directory: string,
  parts: readonly ProjectPart[],
): Record<string, string | Uint8Array> {
  const modules = parts
    .flatMap(({ kernel }) => kernel.modules)
    .map(({ name, plain }) => ({ file: `${name}.ko`, plain }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  const graph = dependencyGraph({
    modules: modules.map(({ file, plain }) => readDepmodModule(`${directory}/${file}`, plain)),
  });
  const settings = parts.map(({ project }) => project.settings);
  const texts = withSoftdeps(depmodTexts(graph), settings);
  const ordered = loadOrder(graph).map((at) => graph.modules[at]?.path.split('/').at(-1) ?? '');
  return {
    ...Object.fromEntries(modules.map(({ file, plain }) => [file, plain])),
    'modules.alias': texts['modules.alias'] ?? '',
    ...optionalFile('modules.blocklist', blocklist(parts)),
    'modules.dep': absolutePaths(depmodTexts(graph)['modules.dep'], directory),
    'modules.load': linesOf(loadedModules(parts, ordered)),
    ...optionalFile('modules.options', optionLines(parts)),
    'modules.softdep': texts['modules.softdep'] ?? '',
  };
}

/** Else the loader would look for them below its own directory. */
const absolutePaths = (dependencies: string, directory: string): string =>
  dependencies.replaceAll(`${directory}/`, `/${directory}/`);

function blocklist(parts: readonly ProjectPart[]): string[] {
  const names = parts.flatMap(({ project }) => project.settings.blacklist.map(kernelName));
  return [...new Set(names)].map((name) => `blocklist ${name}`);
}

/** One line for each module: the loader refuses a second. */
function optionLines(parts: readonly ProjectPart[]): string[] {
  const options = new Map<string, string[]>();
  for (const { project } of parts) {
    for (const [module, text] of Object.entries(project.settings.options)) {
      const name = kernelName(module);
      options.set(name, [...(options.get(name) ?? []), text]);
    }
  }
  return [...options].map(([name, texts]) => `options ${name} ${texts.join(' ')}`);
}

const optionalFile = (name: string, lines: readonly string[]): Record<string, string> =>
  lines.length === 0 ? {} : { [name]: linesOf(lines) };

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
