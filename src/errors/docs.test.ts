import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../data/package-root.js';
import { errorCodes } from './codes.js';

const text = readFileSync(join(packageRoot, 'docs', 'errors.md'), 'utf8');

/** Each code's heading with the exit status of the group that it stands in, in document order. */
function documentedCodes(): [code: string, status: number][] {
  const found: [string, number][] = [];
  let status = NaN;
  for (const line of text.split('\n')) {
    const group = /^## (.*)$/.exec(line)?.[1];
    if (group !== undefined) status = Number(/^Exit status (\d+):/.exec(group)?.[1]);
    const code = /^### (.*)$/.exec(line)?.[1];
    if (code !== undefined) found.push([code, status]);
  }
  return found;
}

describe('docs/errors.md', () => {
  it('has one section for each code, under its exit status, and none for any other', () => {
    const sorted = (codes: [string, number][]) =>
      codes.map(([code, status]) => `${status} ${code}`).sort();
    expect(sorted(documentedCodes())).toEqual(sorted(Object.entries(errorCodes)));
  });

  it('says in each section what to do', () => {
    const sections = text.split(/^(?=##)/m).filter((section) => section.startsWith('### '));
    expect(sections).toHaveLength(Object.keys(errorCodes).length);
    for (const section of sections) expect(section).toContain('**Do:** ');
  });

  it('has every exit status in its table', () => {
    const rows = [...text.matchAll(/^\| (\d+) +\|/gm)].map((row) => Number(row[1]));
    expect(rows).toEqual([...new Set([0, ...Object.values(errorCodes)])]);
  });

  it('links to sections that exist', () => {
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((heading) => heading[1]?.toLowerCase());
    for (const [, anchor] of text.matchAll(/\]\(#([^)]*)\)/g)) expect(headings).toContain(anchor);
  });
});
