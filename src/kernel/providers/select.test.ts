import { describe, expect, it } from 'vitest';
import { archByName } from '../../arch/arch.js';
import { parseSelector } from '../selector.js';
import type { AvailableKernel } from './package-manager.js';
import { selectKernels } from './select.js';

const [arm64, x86] = [archByName('arm64'), archByName('x86_64')];

const kernel = (release: string, arch: string, stock = false): AvailableKernel => ({
  release,
  arch,
  stock,
  sets: [],
  kdir: '/kdir',
});

const debian = [
  kernel('6.1.0-57-rt-arm64', 'arm64'),
  kernel('6.1.0-56-arm64', 'arm64', true),
  kernel('6.1.0-56-amd64', 'x86_64', true),
  kernel('6.1.0-56-cloud-arm64', 'arm64'),
  kernel('6.1.0-50-arm64', 'arm64', true),
  kernel('6.1.0-50-amd64', 'x86_64', true),
];

const suse = [kernel('6.4.0-default', 'arm64', true), kernel('6.4.0-default', 'x86_64', true)];

const select = (text: string, archs = [arm64, x86], kernels = debian) =>
  selectKernels(kernels, parseSelector(text, text), archs).map((choices) =>
    choices.map(({ release, arch }) => (kernels === suse ? arch : release)),
  );

describe('selectKernels', () => {
  it('takes of stock kernels the newest for each arch, and the older ones if need be', () => {
    expect(select('latest')).toEqual([
      ['6.1.0-56-arm64', '6.1.0-50-arm64'],
      ['6.1.0-56-amd64', '6.1.0-50-amd64'],
    ]);
    expect(select('latest', [x86])).toEqual([['6.1.0-56-amd64', '6.1.0-50-amd64']]);
  });

  it('takes of others the newest for each arch too, if asked, stock kernels before flavours', () => {
    expect(select('*/latest', [arm64])).toEqual([['6.1.0-56-arm64', '6.1.0-50-arm64']]);
    expect(select('6.1.0-51../latest', [arm64])).toEqual([['6.1.0-56-arm64']]);
    expect(select('6.1.0-57../latest', [arm64])).toEqual([['6.1.0-57-rt-arm64']]);
    expect(select('*-cloud-*/latest')).toEqual([['6.1.0-56-cloud-arm64']]);
  });

  it('takes all that match a glob or lie in a range, of those archs, each by itself', () => {
    expect(select('6.1.0-56-*', [arm64])).toEqual([['6.1.0-56-arm64'], ['6.1.0-56-cloud-arm64']]);
    expect(select('6.1.0-56..', [arm64])).toEqual([
      ['6.1.0-57-rt-arm64'],
      ['6.1.0-56-arm64'],
      ['6.1.0-56-cloud-arm64'],
    ]);
  });

  it('takes a release for the arch that it is for, whatever is the default', () => {
    expect(select('6.1.0-50-arm64', [x86])).toEqual([['6.1.0-50-arm64']]);
    expect(select('6.1.0-50-arm64/latest', [x86])).toEqual([['6.1.0-50-arm64']]);
  });

  it('takes a release that several archs have for those that are wanted', () => {
    expect(select('6.4.0-default', [x86], suse)).toEqual([['x86_64']]);
    expect(select('6.4.0-default', [arm64, x86], suse)).toEqual([['arm64'], ['x86_64']]);
  });

  it.each(['6.1.0-99-arm64', '5.*', '7..', '5.*/latest'])('takes nothing for %s', (text) => {
    expect(select(text)).toEqual([]);
  });

  it('takes nothing where there is nothing, or no arch', () => {
    expect(select('latest', [arm64], [])).toEqual([]);
    expect(select('latest', [])).toEqual([]);
    expect(select('*', [])).toEqual([]);
  });
});
