import { moduleSource } from '../project.js';
import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

/** A module that exports one symbol. */
const giver = (extra = ''): Scenario => ({
  conf: `${usual}${extra}\n`,
  files: {
    'SELF.c': moduleSource(
      'int SELF_given(void);\nint SELF_given(void) { return 1; }\nEXPORT_SYMBOL_GPL(SELF_given);',
    ),
  },
  verdict: 'built',
});

/** A module that uses a symbol of another scenario's. */
const taker = (from: string, more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}BUILD_DEPENDS[0]="${from}"\n`,
  files: {
    'SELF.c': moduleSource(
      `int ${from}_given(void);\nint SELF_taken(void);\nint SELF_taken(void) { return ${from}_given(); }`,
    ),
  },
  config: `dkms: { with: [../${from}] }`,
  verdict: 'built',
  ...more,
});

/** BUILD_DEPENDS, and source trees beside others. */
export const dependsScenarios: Scenarios = {
  depends_missing: {
    conf: `${usual}BUILD_DEPENDS=(one two)\n`,
    verdict: 'DKMS_DEPENDENCY_MISSING',
    says: [/BUILD_DEPENDS names one, two/],
    dkms: 13,
  },
  depends_itself: {
    conf: `${usual}BUILD_DEPENDS="SELF"\n`,
    verdict: 'DKMS_DEPENDENCY_MISSING',
    says: [/BUILD_DEPENDS names depends_itself/],
    dkms: 13,
  },
  depends_giver: giver(),
  depends_taker: taker('depends_giver'),
  depends_excluded: { ...giver('BUILD_EXCLUSIVE_ARCH="vax"'), verdict: 'excluded', says: [/vax/] },
  depends_on_excluded: taker('depends_excluded', {
    verdict: 'BUILD_DEPENDENCY_FAILED',
    says: [/which was not built/],
  }),
  depends_failing: {
    files: { 'SELF.c': '#error no symbols today\n' },
    verdict: 'BUILD_COMPILE_ERROR',
  },
  depends_on_failing: taker('depends_failing', {
    verdict: 'BUILD_DEPENDENCY_FAILED',
    says: [/which failed/],
  }),
  // Only beside it in /usr/src: files of it, and nothing of it is built before.
  beside: {
    conf: `${usual}MAKE="make -C $kernel_source_dir M=$dkms_tree/SELF/1.0/build BESIDE=$source_tree/depends_giver"\n`,
    files: { Makefile: 'obj-$(if $(wildcard $(BESIDE)/depends_giver.c),m) := SELF.o\n' },
    config: 'dkms: { with: [../depends_giver] }',
    verdict: 'built',
  },
};
