import { describeBroken, remedyOfBroken } from '../broken-reference.js';
import { kdirFinding } from '../findings.js';
import { some, type KdirCheck } from './subject.js';

/** Links and includes that lead nowhere: one finding for each that is needed, one for the rest. */
export const checkLinks: KdirCheck = ({ reach, path }) => {
  const needed = reach.broken.filter((reference) => reference.needed);
  const rest = reach.broken.filter((reference) => !reference.needed);
  const findings = needed.map((reference) =>
    kdirFinding('KDIR_BROKEN_LINK', 'error', describeBroken(reference), {
      remedy: remedyOfBroken(reference),
    }),
  );
  const [first] = rest;
  if (first === undefined) return findings;
  const names = rest.map(({ from }) => from.slice(path.length + 1));
  const message = `${rest.length === 1 ? 'a link leads' : `${rest.length} links lead`} nowhere: ${some(names)} (the first to ${first.target})`;
  return [...findings, kdirFinding('KDIR_LINK_DANGLES', 'warning', message)];
};
