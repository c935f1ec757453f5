import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

/** A unified diff of a text of one line. */
const change = (from: string, to: string): string =>
  `--- a/text\n+++ b/text\n@@ -1 +1 @@\n-${from}\n+${to}\n`;

/** Two patches of which the second needs the first; the module is built only with both. */
const patched = (conf: string, more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}${conf}\n`,
  files: {
    text: 'first\n',
    'patches/z.patch': change('first', 'second'),
    'patches/sub/a.patch': change('second', 'third'),
    Makefile: 'obj-$(if $(filter third,$(file < $(src)/text)),m) := SELF.o\n',
  },
  verdict: 'built',
  ...more,
});

const badPath = (path: string): Scenario =>
  patched(`PATCH="${path}"`, {
    verdict: 'DKMS_PATCH_MISSING',
    says: [/leaves the source's patches directory/],
  });

export const patchScenarios: Scenarios = {
  patch_order: patched('PATCH=(z.patch sub/a.patch)', {
    log: [/applying patch z\.patch$/, /applying patch sub\/a\.patch$/],
    dkms: 0,
  }),
  patch_wrong_order: patched('PATCH=(sub/a.patch z.patch)', {
    verdict: 'DKMS_PATCH_FAILED',
    says: [/the patch 'sub\/a\.patch' does not apply/],
    dkms: 6,
  }),
  patch_match: patched(
    `PATCH=(old.patch z.patch sub/a.patch new.patch)
PATCH_MATCH=("^5\\." "^6\\." "" "^[789]\\.")`,
    { dkms: 0 },
  ),
  patch_sparse: patched('PATCH=(z.patch sub/a.patch); PATCH[7]="missing.patch"', {
    says: [/PATCH\[7\]/],
    dkms: 0,
  }),
  patch_missing: patched('PATCH="missing.patch"', {
    verdict: 'DKMS_PATCH_MISSING',
    says: [/there is no patches\/missing\.patch/],
    dkms: 5,
  }),
  patch_up: { ...badPath('../text'), dkms: 5 },
  patch_through: { ...badPath('sub/../z.patch'), dkms: 5 },
  patch_ends_up: badPath('sub/..'),
  patch_absolute: badPath('/etc/passwd'),
};
