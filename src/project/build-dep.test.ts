import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { checkedBuildDeps } from './build-dep.js';
import { loadProjects } from './load-projects.js';

const right = [
  'pkg-config',
  'g++',
  'libstdc++-12-dev',
  'libdrm2.4',
  'libelf-dev:arm64',
  'libc6:x32',
  'gcc:hurd-i386',
  'python3:native',
  'iptables=1.8.9-2',
  'gcc=4:12.2.0-3',
  'libelf-dev:arm64=0.188-2.1~deb12u1',
];
const wrong = [
  '',
  'Foo',
  'foo bar',
  'foo;reboot',
  '$(reboot)',
  '--allow-downgrades',
  'gcc-12-', // to apt: remove gcc-12
  'foo*',
  '^foo$',
  'foo/bookworm',
  'foo:',
  'foo:all',
  'foo:any',
  'foo=',
  'foo=1 bar',
  'foo\n',
];

describe('checkedBuildDeps', () => {
  it('gives names sorted, each once', () => {
    expect(checkedBuildDeps(['pkg-config', 'iptables', 'pkg-config'])).toEqual([
      'iptables',
      'pkg-config',
    ]);
  });

  it.each(right)('takes %j', (name) => {
    expect(checkedBuildDeps([name])).toEqual([name]);
  });

  it.each(wrong)('refuses %j, and says what is right', async (name) => {
    const error = await kbuildErrorOf(() => checkedBuildDeps(['gcc', name]));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(name);
    expect(error.hint).toContain('NAME:ARCH');
  });
});

describe('buildDeps in a configuration', () => {
  const projectWith = async (buildDeps: string[]) => {
    const directory = temporaryDirectory({
      'kbuild.config.yaml': `name: a\nbuildDeps: ${JSON.stringify(buildDeps)}\n`,
      Kbuild: 'obj-m := a.o\n',
      'a.c': '',
    });
    const { projects } = await loadProjects(directory);
    return projects[0];
  };

  it('are those of the project, sorted, each once', async () => {
    const project = await projectWith(['pkg-config', 'libelf-dev:arm64', 'pkg-config']);
    expect(project?.buildDeps).toEqual(['libelf-dev:arm64', 'pkg-config']);
  });

  it.each(wrong)('cannot be %j', async (name) => {
    const error = await kbuildErrorOf(() => projectWith(['gcc', name]));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('NAME:ARCH');
  });
});
