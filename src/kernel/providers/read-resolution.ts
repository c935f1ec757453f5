import { asKbuildError } from '../../errors/kbuild-error.js';
import { readKdir, type ReadKdirOptions } from '../kdir.js';
import { surveyKdir } from '../survey.js';
import type { Resolution, SurveyOf } from './port.js';

/**
 * What becomes of a KDIR that is there.
 * @param ref the name that the user knows it by
 */
export function readResolution(
  ref: string,
  { path, ...place }: ReadKdirOptions & { path: string },
): Resolution {
  const survey: SurveyOf = (options) => surveyKdir(path, { ...options, ...place });
  try {
    return { ref, kdir: readKdir(path, place), survey };
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
