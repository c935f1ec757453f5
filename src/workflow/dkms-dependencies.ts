import { posix } from 'node:path';
import { renderTemplate } from '../data/template.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { kdirNames } from '../plan/make-line.js';
import type { Project } from '../project/project.js';
import { dkmsMark } from '../release/dkms/dkms-conf.js';
import type { TreeEntry } from '../release/pack/tree-entry.js';
import { shellQuote } from '../runtime/shell.js';
import { textEntry } from './dkms-tree.js';

/** All that a project depends on, each after those that it needs itself. */
export function dependenciesOf(project: Project, all: ReadonlyMap<string, Project>): Project[] {
  const direct = project.depends.flatMap((path) => all.get(path) ?? []);
  return [...new Set(direct.flatMap((p) => [...dependenciesOf(p, all), p]))];
}

/** What builds a project after those that it depends on, each in its own directory. */
export function dependencyMakefiles(
  project: Project,
  dependencies: readonly Project[],
  placed: ReadonlyMap<Project, string>,
): TreeEntry[] {
  const all = new Map([...dependencies, project].map((p) => [p.directory, p]));
  const builds = [...all.values()].map((p) => {
    const directory = placed.get(p) ?? p.name;
    const symvers = dependenciesOf(p, all).map(
      (needed) => `$(CURDIR)/${posix.join(placed.get(needed) ?? needed.name, 'Module.symvers')}`,
    );
    const variables = [
      ...(symvers.length > 0 ? [`KBUILD_EXTRA_SYMBOLS='${symvers.join(' ')}'`] : []),
      ...Object.entries(p.make)
        .filter(([name]) => name !== 'MO')
        .map(([name, value]) => `${name}=${shellQuote(value).replaceAll('$', '$$$$')}`),
    ];
    checkBuildable(p, project);
    if (p.method.kind === 'make') {
      const answers = kdirNames.map((name) => `${name}=$(KDIR)`);
      const line = ['$(MAKE)', `-C $(CURDIR)/${directory}`, ...answers, ...variables].join(' ');
      return {
        directory,
        modules: line,
        install: `${line} modules_install`,
        clean: `${line} clean`,
      };
    }
    const line = ['$(MAKE)', '-C $(KDIR)', `M=$(CURDIR)/${directory}`, ...variables].join(' ');
    return {
      directory,
      modules: `${line} modules`,
      install: `${line} modules_install`,
      clean: `${line} clean`,
    };
  });
  const data = { mark: dkmsMark, name: project.name, builds, own: builds.at(-1) };
  return [
    textEntry('Makefile', renderTemplate('dkms/Makefile.eta', data)),
    // Older dkms runs Kbuild's own `clean` on the root, which would else read the Makefile.
    textEntry('Kbuild', renderTemplate('dkms/Kbuild.eta', data)),
  ];
}

function checkBuildable({ method, directory }: Project, { name }: Project): void {
  if (method.kind !== 'dkms') return;
  throw new KbuildError(
    'CONFIG_INVALID',
    `${name} depends on ${directory}, which has a dkms.conf: how that is built only dkms knows`,
    "Give the package a dkms.conf of its own, with BUILD_DEPENDS, or describe the other project's modules in a kbuild.config.yaml.",
  );
}
