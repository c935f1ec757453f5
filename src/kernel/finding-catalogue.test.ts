import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../data/package-root.js';
import { errorCodes } from '../errors/codes.js';
import { kdirFindingCatalogue, type KdirFindingCode } from './finding-catalogue.js';
import { errorOfFinding, explanationOf, kdirFinding, refusalOf } from './findings.js';

const codes = Object.keys(kdirFindingCatalogue) as KdirFindingCode[];

describe('a finding', () => {
  it.each(codes)('of the code %s says why a build minds and what to do', (code) => {
    const { explanation, remedy } = kdirFindingCatalogue[code];
    expect(explanation).toMatch(/^[\w"].*[.)]$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  });

  it('comes with the words of its code, or with better ones', () => {
    const finding = kdirFinding('KDIR_TRIMMED', 'warning', 'so it is');
    expect(finding.remedy).toMatch(/CONFIG_UNUSED_KSYMS_WHITELIST/);
    expect(explanationOf(finding)).toMatch(/exports only the symbols that its own modules use/);
    const other = { remedy: 'Do that.', mend: 'prepare' } as const;
    expect(kdirFinding('KDIR_TRIMMED', 'note', 'so it is', other)).toEqual({
      ...{ code: 'KDIR_TRIMMED', severity: 'note', message: 'so it is' },
      ...{ remedy: 'Do that.', mend: 'prepare' },
    });
  });

  it('stops a plan only where that could not go on, with an error for the user to mend', () => {
    const refused = codes.filter((code) => errorOfFinding({ code }) !== undefined);
    expect(refused).toEqual([
      'KDIR_NOT_FOUND',
      'KDIR_UNREADABLE',
      'KDIR_NOT_CONFIGURED',
      'KDIR_PATH_REFUSED',
      'KDIR_BROKEN_LINK',
      'KDIR_MODULES_DISABLED',
      'KDIR_ARCH_UNKNOWN',
      'KDIR_NOT_PREPARED',
      'KDIR_HOST_TOOL_UNREADABLE',
      'KDIR_NO_SYMVERS',
    ]);
    for (const code of refused) {
      const error = refusalOf(kdirFinding(code, 'error', 'so it is'));
      expect(error).toMatchObject({ message: 'so it is', hint: kdirFindingCatalogue[code].remedy });
      expect(errorCodes[error!.code]).toBe(2);
    }
    expect(refusalOf(kdirFinding('KDIR_TRIMMED', 'warning', 'so it is'))).toBeUndefined();
  });
});

describe('docs/kernels.md', () => {
  const text = readFileSync(join(packageRoot, 'docs/kernels.md'), 'utf8');
  const [, part = ''] = /^(## Findings of kdir check$[^]*?)(?=^## |(?![^]))/m.exec(text) ?? [];
  const sections = part.split(/^(?=###)/m).map((section) => section.trim());

  it('has a section for each finding, in the same order, and none for any other', () => {
    const headings = sections
      .filter((section) => section.startsWith('#### '))
      .map((section) => section.split('\n', 1)[0]);
    expect(headings).toEqual(codes.map((code) => `#### ${code}`));
  });

  it.each(codes)('says of %s what kdir check says', (code) => {
    const { explanation, remedy } = kdirFindingCatalogue[code];
    const section = sections.find((one) => one.startsWith(`#### ${code}\n`));
    // A line may be broken anywhere, and some characters stand behind backslashes.
    const plain = section?.replaceAll('\\', '').replaceAll(/\s+/g, ' ');
    expect(plain).toBe(`#### ${code} ${explanation} **Do:** ${remedy}`);
  });

  it('has the groups of the findings', () => {
    const groups = sections
      .filter((section) => /^### /.test(section))
      .map((section) => section.slice('### '.length).toLowerCase());
    expect(groups).toEqual([...new Set(codes.map((code) => kdirFindingCatalogue[code].group))]);
  });
});
