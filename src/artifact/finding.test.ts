import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../data/package-root.js';
import { checkOf, explain, type FindingCode } from './finding.js';
import { findingCatalogue } from './finding-catalogue.js';

const codes = Object.keys(findingCatalogue) as FindingCode[];

describe('explain', () => {
  it.each(codes)('says of %s why it matters and what to do', (code) => {
    const finding = { code, severity: 'note', message: 'so it is' } as const;
    const { explanation, remedy, check } = findingCatalogue[code];
    expect(explain(finding)).toEqual({ ...finding, check, explanation, remedy });
    expect(explanation).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
    expect(checkOf(finding)).toBe(check);
  });
});

describe('docs/verify.md', () => {
  const text = readFileSync(join(packageRoot, 'docs/verify.md'), 'utf8');
  /** Each code's section: its heading, explanation and remedy. */
  const sections = text
    .split(/^(?=##)/m)
    .filter((section) => section.startsWith('### '))
    .map((section) => section.trim());

  it('has a section for each code, in the same order, and none for any other', () => {
    const headings = sections.map((section) => section.split('\n', 1)[0]);
    expect(headings).toEqual(codes.map((code) => `### ${code}`));
  });

  it.each(codes)('says of %s what verify says', (code) => {
    const { explanation, remedy } = findingCatalogue[code];
    const section = sections.find((one) => one.startsWith(`### ${code}\n`));
    // A line may be broken anywhere, and asterisks stand behind backslashes.
    const plain = section?.replaceAll('\\', '').replaceAll(/\s+/g, ' ');
    expect(plain).toBe(`### ${code} ${explanation} **Do:** ${remedy}`);
  });

  it('has the checks as its groups', () => {
    const groups = [...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name);
    const checks = new Set(codes.map((code) => findingCatalogue[code].check));
    expect(groups).toHaveLength(checks.size);
  });
});
