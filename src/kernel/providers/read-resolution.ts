import { asKbuildError } from '../../errors/kbuild-error.js';
import { readKdir, type ReadKdirOptions } from '../kdir.js';
import { surveyKdir } from '../survey.js';
import type { Resolution, SurveyOf } from './port.js';

/** How a KDIR is read: its path, and where its absolute paths are looked up. */
export type KdirPlace = ReadKdirOptions & { path: string };

/** What becomes of a KDIR that is there, under the name that the user knows it by. */
export function readResolution(ref: string, { path, ...place }: KdirPlace): Resolution {
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
