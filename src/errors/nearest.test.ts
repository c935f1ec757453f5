import { describe, expect, it } from 'vitest';
import { nearest, suggestion } from './nearest.js';

const suites = ['bullseye', 'bookworm', 'trixie'];

describe('nearest', () => {
  it.each([
    ['bookwrom', 'bookworm'],
    ['BookWorm', 'bookworm'],
    ['trixi', 'trixie'],
    ['bulseye', 'bullseye'],
  ])('takes %s for %s', (typed, meant) => {
    expect(nearest(typed, suites)).toBe(meant);
  });

  it('takes the nearest of several near ones', () => {
    expect(nearest('gcc-13', ['gcc-4', 'gcc-113', 'clang-13'])).toBe('gcc-113');
    expect(nearest('6.1.0-56-arm64', ['6.1.0-47-arm64', '6.1.0-55-arm64'])).toBe('6.1.0-55-arm64');
  });

  it('takes the first of several that are equally near', () => {
    expect(nearest('gcc-11', ['gcc-10', 'gcc-12'])).toBe('gcc-10');
  });

  it('finds nothing where nothing is near', () => {
    expect(nearest('jessie-backports', suites)).toBeUndefined();
    expect(nearest('bookworm', [])).toBeUndefined();
  });
});

describe('suggestion', () => {
  it('asks whether the near name was meant, and lists all', () => {
    expect(suggestion('bookwrom', suites, 'suites')).toBe(
      "Did you mean 'bookworm'? Known suites: bullseye, bookworm, trixie.",
    );
  });

  it('only lists where no name is near', () => {
    expect(suggestion('sarge-or-older', suites, 'suites')).toBe(
      'Known suites: bullseye, bookworm, trixie.',
    );
  });

  it('says so where there is nothing to list', () => {
    expect(suggestion('x', [], 'kernels of sid')).toBe('Known kernels of sid: none.');
  });
});
