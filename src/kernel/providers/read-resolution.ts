import { asKbuildError } from '../../errors/kbuild-error.js';
import { kdirOf, type ReadKdirOptions } from '../kdir.js';
import { surveyKdir, type KdirSurvey, type SurveyOptions } from '../survey.js';
import type { Resolution, SurveyOf } from './port.js';

/**
 * What becomes of a KDIR that is there.
 * @param ref the name that the user knows it by
 */
export function readResolution(
  ref: string,
  { path, ...place }: ReadKdirOptions & { path: string },
): Resolution {
  let first: KdirSurvey | undefined;
  const survey: SurveyOf = (options) => {
    const known = isQuick(options) ? first : undefined;
    first = undefined;
    return known ?? surveyKdir(path, { ...options, ...place });
  };
  try {
    const looked = survey({ depth: 'quick' });
    const kdir = kdirOf(looked);
    // A KDIR of the user's own is looked at next, to see whether it is to be mended: it is the same
    // look. Headers of a distribution are not, and what is known of many of them would fill memory.
    if (place.suite === undefined) first = looked;
    return { ref, kdir, survey };
  } catch (cause) {
    const error = asKbuildError(cause);
    const { release, arch } = survey({ depth: 'quick' });
    return {
      ref,
      error,
      ...(release !== undefined && { release }),
      ...(arch !== undefined && { arch: arch.name }),
      survey,
    };
  }
}

const isQuick = ({ depth, ...others }: SurveyOptions = {}): boolean =>
  depth === 'quick' && Object.keys(others).length === 0;
