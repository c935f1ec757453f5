import { describe, expect, it } from 'vitest';
import { projectAt } from '../../../test/support/job-values.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import type { Project } from '../project.js';
import { confName } from './conf-text.js';
import { linkSources } from './link-sources.js';

function source(name: string, conf: string, changes: Partial<Project> = {}): Project {
  const directory = temporaryDirectory({ [confName]: `PACKAGE_NAME=${name}\n${conf}\n` });
  return projectAt(directory, { name, method: { kind: 'dkms' }, ...changes });
}

const namesOf = (projects: readonly Project[]) => projects.map(({ name }) => name);

describe('linkSources', () => {
  it('puts a source after those that it names in BUILD_DEPENDS', () => {
    const top = source('top', 'BUILD_DEPENDS=(middle elsewhere)');
    const middle = source('middle', 'BUILD_DEPENDS[0]="base"');
    const base = source('base', '');
    expect(namesOf(linkSources([top, middle, base]))).toEqual(['base', 'middle', 'top']);
    expect(top.depends).toEqual([middle.directory]);
    expect(middle.depends).toEqual([base.directory]);
    expect(base.depends).toEqual([]);
  });

  it('leaves those alone that name themselves or each other in a circle', () => {
    const own = source('own', 'BUILD_DEPENDS=own');
    const [a, b] = [source('a', 'BUILD_DEPENDS=b'), source('b', 'BUILD_DEPENDS=a')];
    expect(namesOf(linkSources([own, a, b]))).toEqual(['own', 'b', 'a']);
    expect([own.depends, b.depends]).toEqual([[], []]);
    expect(a.depends).toEqual([b.directory]);
  });

  it('does not make a dependency of what is no DKMS source, and names none twice', () => {
    const other = source('base', '', { method: { kind: 'kbuild' } });
    const top = source('top', 'BUILD_DEPENDS=base');
    expect(linkSources([top, other])).toEqual([top, other]);
    const base = source('base', '');
    const again = source('top', 'BUILD_DEPENDS=base', { depends: [base.directory] });
    linkSources([base, again]);
    expect(again.depends).toEqual([base.directory]);
  });
});
