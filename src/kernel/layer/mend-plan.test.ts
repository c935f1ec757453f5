import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostArch } from '../../arch/arch.js';
import { foreignArch } from '../../../test/support/foreign-arch.js';
import { debianHeaders, hostTool, kdirFiles, without } from '../../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../../test/support/temporary-directory.js';
import { surveyKdir } from '../survey.js';
import { mendPlan } from './mend-plan.js';
import { configOf } from './survey-facts.js';

const [own, foreign] = [hostArch(), foreignArch].map(({ elf }) => hostTool(['2.17'], elf.machine));
const source = (...paths: string[]): FileTree =>
  Object.fromEntries(paths.map((path) => [path, '']));
const sources = source(
  'scripts/basic/fixdep.c',
  'scripts/mod/modpost.c',
  'scripts/genksyms/genksyms.c',
);
const tools = (program: Uint8Array): FileTree => ({
  'scripts/basic/fixdep': program,
  'scripts/mod/modpost': program,
  'scripts/genksyms/genksyms': program,
});
const ready = {
  ...kdirFiles(),
  ...sources,
  ...tools(own!),
  'scripts/module.lds': '',
  'include/config/auto.conf': 'CONFIG_ARM64=y\n',
  'include/generated/bounds.h': '',
  'arch/arm64/include/generated/asm/x.h': '',
};

const planOf = (files: FileTree, because?: 'KDIR_HOST_TOOLS') => {
  const kdir = temporaryDirectory(files);
  for (const name of Object.keys(tools(own!))) {
    if (name in files) chmodSync(join(kdir, name), 0o755);
  }
  const survey = surveyKdir(kdir, { depth: 'quick' });
  return mendPlan(survey, configOf(survey), because);
};
const names = (plan: ReturnType<typeof planOf>) =>
  plan.kind === 'make' ? plan.programs.map(({ path }) => path) : plan.kind;

describe('what has to be done to a KDIR', () => {
  it('is nothing for one that is ready', () => {
    expect(planOf(ready)).toEqual({ kind: 'nothing' });
  });

  it.each([
    ['are for another machine', { ...ready, ...tools(foreign!) }],
    ['are gone', without(ready, ...Object.keys(tools(own!)))],
    ['are half there', without(ready, 'scripts/basic/fixdep')],
    ['are no programs', { ...ready, 'scripts/mod/modpost': '' }],
  ])('is to make all that modules need where host tools %s', (_, files) => {
    const plan = planOf(files);
    expect(plan).toMatchObject({ kind: 'make', prepare: false, moduleLds: false });
    expect(names(plan)).toEqual(Object.keys(tools(own!)));
  });

  it('is the same where an image cannot run host tools that look well', () => {
    expect(names(planOf(ready, 'KDIR_HOST_TOOLS'))).toEqual(Object.keys(tools(own!)));
  });

  it('is to make the linker script alone where that is missing', () => {
    const files = { ...without(ready, 'scripts/module.lds'), 'scripts/module.lds.S': '' };
    expect(planOf(files)).toMatchObject({ prepare: false, moduleLds: true, programs: [] });
  });

  it('is to prepare it where nothing was generated', () => {
    const files = {
      ...without(ready, 'include/generated', 'include/config'),
      ...source('Kconfig', 'Kbuild', 'scripts/kconfig/Makefile'),
    };
    expect(planOf(files)).toMatchObject({ kind: 'make', prepare: true });
  });

  it('looks for the source where an O= directory has it', () => {
    const root = temporaryDirectory({
      ...Object.fromEntries(Object.entries(sources).map(([name, text]) => [`src/${name}`, text])),
      'src/scripts/Makefile.build': '',
      'src/Makefile': '',
    });
    const files = {
      ...without(ready, ...Object.keys(sources), 'scripts/Makefile.build'),
      ...tools(foreign!),
      Makefile: `include ${root}/src/Makefile\n`,
    };
    expect(names(planOf(files))).toEqual(Object.keys(tools(own!)));
  });

  it("is the build machine's own package for Debian's headers", () => {
    const kbuild = {
      'usr/lib/linux-kbuild-6.1/scripts/basic/fixdep': foreign!,
      'usr/lib/linux-kbuild-6.1/scripts/mod/modpost': foreign!,
      'usr/lib/linux-kbuild-6.1/scripts/Makefile.build': '',
    };
    const version = '#define UTS_VERSION "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"\n';
    const generated = `${debianHeaders.kdir.slice(1)}/include/generated/compile.h`;
    const config = `${debianHeaders.kdir.slice(1)}/include/config/auto.conf`;
    const parts = {
      ...debianHeaders.headers,
      ...debianHeaders.common,
      [config]: '',
      [generated]: version,
    };
    const expected = {
      kind: 'package',
      name: 'linux-kbuild-6.1',
      version: '6.1.192-2',
      directory: '/usr/lib/linux-kbuild-6.1',
    };
    for (const files of [{ ...parts, ...kbuild }, parts]) {
      const survey = surveyKdir(debianHeaders.kdir, { roots: [temporaryDirectory(files)] });
      expect(mendPlan(survey, configOf(survey))).toEqual(expected);
    }
  });
});

describe('sign-file, which no build runs', () => {
  it.each([
    ['is for another machine', foreign!],
    ['is no program', Buffer.from('')],
  ])('is left as it is where it %s', (_, program) => {
    expect(planOf({ ...ready, 'scripts/sign-file': program })).toEqual({ kind: 'nothing' });
  });

  it('does not keep the others from being made, its source or not', () => {
    const files = { ...ready, ...tools(foreign!), 'scripts/sign-file': foreign! };
    expect(names(planOf(files))).toEqual(Object.keys(tools(own!)));
  });
});

describe('what cannot be mended', () => {
  const refused = (files: FileTree) => kbuildErrorOf(() => planOf(files));

  it('is a KDIR without Module.symvers', async () => {
    const error = await refused({ ...without(ready, 'Module.symvers'), ...tools(foreign!) });
    expect(error.code).toBe('KDIR_NO_SYMVERS');
  });

  it('is one without the source of a tool that its modules need', async () => {
    const source = 'scripts/genksyms/genksyms.c';
    const error = await refused({ ...without(ready, source), ...tools(foreign!) });
    expect(error.code).toBe('KDIR_NOT_MENDABLE');
    expect(error.message).toMatch(/scripts\/genksyms\/genksyms\.c is missing/);
  });

  it('is one that is not prepared, and has no Kconfig', async () => {
    const error = await refused(without(ready, 'include/generated'));
    expect(error.code).toBe('KDIR_NOT_MENDABLE');
    expect(error.message).toMatch(/\/Kconfig is missing/);
  });
});
