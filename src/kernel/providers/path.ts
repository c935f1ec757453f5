import { locateKdir } from '../locate-kdir.js';
import { surveyKdir } from '../survey.js';
import type { KernelListing, KernelProvider, Resolution } from './port.js';
import { readResolution } from './read-resolution.js';

/** A KDIR by its path on this machine. Its own arch is what counts, whatever archs are asked. */
export const pathProvider: KernelProvider<'path'> = {
  resolve: ({ path }) => Promise.resolve([resolutionOf(path, path)]),
  list: ({ path }) => {
    const listing = listingOf(path, path);
    const resolution = resolutionOf(path, path);
    if (listing === undefined && 'error' in resolution) return Promise.reject(resolution.error);
    return Promise.resolve(listing === undefined ? [] : [listing]);
  },
};

/** What becomes of the KDIR at a path, under the name that the user knows it by. */
export function resolutionOf(path: string, ref: string): Resolution {
  return readResolution(ref, locateKdir(path));
}

/** What stands in a list for the KDIR at a path; undefined for one of which nothing is known. */
export function listingOf(path: string, ref: string): KernelListing | undefined {
  const place = locateKdir(path);
  const { release, arch } = surveyKdir(place.path, { ...place, depth: 'quick' });
  if (release === undefined || arch === undefined) return undefined;
  return { ref, release, arch: arch.name, stock: false, fetched: true };
}
