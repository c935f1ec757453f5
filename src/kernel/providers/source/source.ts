import type { Arch } from '../../../arch/arch.js';
import { archByName } from '../../../arch/arch.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import { surveyKdir } from '../../survey.js';
import type { KernelProvider, Resolution, SurveyOf } from '../port.js';
import { readDescription, type SourceDescription } from './description.js';
import { lookAtSource, prepareSource } from './prepare-source.js';

/**
 * Kernels that are made of their source, as a description says. Where it names an arch, that is
 * what counts, whatever archs are asked.
 */
export const sourceProvider: KernelProvider<'source'> = {
  async resolve({ file }, archs, context) {
    const description = await readDescription(file);
    const ref = `source:${file}`;
    const resolutions: Resolution[] = [];
    for (const arch of archsOf(description, archs)) {
      try {
        const { kdir, release, path, roots } = await prepareSource(description, arch, context);
        if (kdir === undefined) throw onlyPrepared(release, path);
        const survey: SurveyOf = (options) => surveyKdir(path, { ...options, roots });
        resolutions.push({ ref, kdir, survey });
      } catch (error) {
        if (!(error instanceof KbuildError) || error.code === 'INTERRUPTED') throw error;
        resolutions.push({ ref, arch: arch.name, error });
      }
    }
    return resolutions;
  },
  async list({ file }, archs, context) {
    const description = await readDescription(file);
    const listings = [];
    for (const asked of archsOf(description, archs)) {
      const { arch, release, prepared } = await lookAtSource(description, asked, context);
      listings.push({ ref: `source:${file}`, release, arch, stock: false, fetched: prepared });
    }
    return listings;
  },
};

const archsOf = ({ arch }: SourceDescription, asked: readonly Arch[]): readonly Arch[] =>
  arch === undefined ? asked : [archByName(arch)];

const onlyPrepared = (release: string, path: string): KbuildError =>
  new KbuildError(
    'KDIR_NO_SYMVERS',
    `${release} was only prepared: ${path} has no Module.symvers, without which no module's symbols can be resolved`,
    "Leave 'build: prepare' out of its description: the whole kernel is built then.",
  );
