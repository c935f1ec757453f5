import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../data/package-root.js';
import { errorCodes } from '../errors/codes.js';
import { kdirFindingCatalogue, type KdirFindingCode } from './finding-catalogue.js';
import { errorOfFinding, explanationOf, kdirFinding } from './findings.js';

const codes = Object.keys(kdirFindingCatalogue) as KdirFindingCode[];

describe('a finding', () => {
  it.each(codes)('of the code %s says why a build minds and what to do', (code) => {
    const finding = kdirFinding(code, 'note', 'so it is');
    const { explanation, remedy } = kdirFindingCatalogue[code];
    expect(finding).toEqual({ code, severity: 'note', message: 'so it is', remedy });
    expect(explanationOf(finding)).toBe(explanation);
    expect(explanation).toMatch(/^[\w"].*[.)]$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  });

  it('stops a plan with an error that there is, for the user to mend', () => {
    const errors = codes.flatMap((code) => errorOfFinding({ code }) ?? []);
    expect(errors).toContain('KDIR_NOT_PREPARED');
    for (const code of errors) expect(errorCodes[code]).toBe(2);
    expect(errorOfFinding({ code: 'KDIR_TRIMMED' })).toBeUndefined();
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
