import { describe, expect, it } from 'vitest';
import { archByName } from '../arch/arch.js';
import { repositoryId, shippedRepositories } from './repository.js';
import { allSuites } from './suite.js';

describe('shippedRepositories', () => {
  it('are called differently', () => {
    const ids = shippedRepositories().map(repositoryId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('debian:bookworm');
  });

  it('are one for every suite of Debian', () => {
    const ids = shippedRepositories().map(repositoryId);
    const suites = allSuites().filter(({ distribution }) => distribution === 'debian');
    for (const { name } of suites) expect(ids).toContain(`debian:${name}`);
  });

  it.each(shippedRepositories().map((one) => [repositoryId(one), one] as const))(
    '%s has placeholders that are filled, and flavours of archs that there are',
    (_, repository) => {
      if (repository.manager === 'apt') {
        const { kdir, latest, flavours = {} } = repository.kernels;
        expect(kdir.replaceAll('{release}', '')).not.toMatch(/[{}]/);
        expect(latest.replaceAll('{flavour}', '')).not.toMatch(/[{}]/);
        for (const arch of Object.keys(flavours)) expect(archByName(arch).name).toBe(arch);
      } else {
        for (const { uname, kdir } of repository.kernels) {
          expect(uname).toMatch(/\{version\}/);
          expect(uname.replaceAll(/\{(version|release|source_release|arch)\}/g, '')).not.toMatch(
            /[{}]/,
          );
          expect(kdir.replaceAll('{uname}', '')).not.toMatch(/[{}]/);
        }
        expect(repository.kernels.some(({ stock }) => stock)).toBe(true);
      }
    },
  );
});
