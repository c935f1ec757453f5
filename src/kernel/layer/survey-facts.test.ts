import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../../test/support/temporary-directory.js';
import { archOf, configOf, knownRelease } from './survey-facts.js';

const at = (files: FileTree) => {
  const path = temporaryDirectory(files);
  return { path, roots: ['/'], findings: [] };
};

describe('what mending knows of a KDIR', () => {
  it('is its configuration, even where no survey could go on to read it', async () => {
    expect(configOf(at({ '.config': 'CONFIG_ARM64=y\n' })).get('CONFIG_ARM64')).toBe('y');
    const survey = at({});
    const codeOf = async () => (await kbuildErrorOf(() => configOf(survey))).code;
    expect(await codeOf()).toBe('KDIR_NOT_CONFIGURED');
    execFileSync('mkfifo', [join(survey.path, '.config')]);
    expect(await codeOf()).toBe('KDIR_NOT_CONFIGURED');
  });

  it('is its architecture, which has to be known', async () => {
    expect(archOf(at({}), new Map([['CONFIG_ARM64', 'y']])).name).toBe('arm64');
    const error = await kbuildErrorOf(() => archOf(at({}), new Map([['CONFIG_SPARC', 'y']])));
    expect(error.code).toBe('KDIR_ARCH_UNKNOWN');
  });

  it('is its release, of the files that have it', () => {
    const header = { 'include/generated/utsrelease.h': '#define UTS_RELEASE "6.1.0-a"\n' };
    const line = { 'include/config/kernel.release': '6.1.0-b\n' };
    expect(knownRelease({ ...at({ ...header, ...line }), release: '6.1.0' })).toBe('6.1.0');
    expect(knownRelease(at({ ...header, ...line }))).toBe('6.1.0-a');
    expect(knownRelease(at(line))).toBe('6.1.0-b');
    expect(knownRelease(at({ 'include/config/kernel.release': 'no release\n' }))).toBeUndefined();
    expect(knownRelease(at({}))).toBeUndefined();
  });
});
