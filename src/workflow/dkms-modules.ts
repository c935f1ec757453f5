import { KbuildError } from '../errors/kbuild-error.js';
import { literalModules, type LiteralModule } from '../project/literal-modules.js';
import type { Project } from '../project/project.js';

/**
 * The modules of a project, and where they come out.
 * @throws KbuildError DKMS_PACK_MODULES
 */
export function modulesOf(project: Project): LiteralModule[] {
  const { directory, method, expected, files } = project;
  if (method.kind === 'generated') return expected.map((name) => ({ name, location: '' }));
  const { modules, unclear } = literalModules(directory);
  if (expected.length > 0) {
    const directories = new Set(
      files
        .filter(({ path }) => makefiles.test(path))
        .map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)),
    );
    const others = [...directories].flatMap((at) => literalModules(directory, at).modules);
    const known = [...modules, ...others];
    return expected.map((name) => known.find((m) => m.name === name) ?? { name, location: '' });
  }
  if (method.kind === 'kbuild' && unclear.length === 0) return modules;
  throw new KbuildError(
    'DKMS_PACK_MODULES',
    method.kind === 'kbuild'
      ? `which modules ${directory} yields depends on what make finds: ${unclear.slice(0, 3).join('; ')}`
      : `only the Makefile of ${directory} knows which modules it yields`,
    'Name them in a kbuild.config.yaml: modules: [{name: …}, …].',
  );
}

const makefiles = /(^|\/)(Kbuild|[Mm]akefile|GNUmakefile)$/;
