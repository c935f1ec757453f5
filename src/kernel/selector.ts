import { KbuildError } from '../errors/kbuild-error.js';
import { matchesGlob } from '../module/glob.js';
import { compareReleases } from './release.js';

/** Which releases of those that a place has: the part of a reference after its `/`. */
export interface Selector {
  /** As it was typed, without `/latest`. */
  text: string;
  /** The newest for each arch, of those that match; alone, of the distribution's stock kernels. */
  latest: boolean;
  match:
    | { kind: 'stock' }
    | { kind: 'release'; release: string }
    | { kind: 'glob'; pattern: string }
    /** Both ends belong to it; an end that is absent is open. */
    | { kind: 'range'; from?: string; to?: string };
}

/**
 * Reads a selector: `latest`, a release, a glob (`*-cloud-*`), a range (`6.1.0-50..6.1.0-56`,
 * `6.1..`), each of the last two also with `/latest`.
 * @param ref the whole reference, for the message
 * @throws KbuildError KERNEL_REF
 */
export function parseSelector(text: string, ref: string): Selector {
  if (text === 'latest') return { text: '', latest: true, match: { kind: 'stock' } };
  const latest = text.endsWith('/latest');
  const which = latest ? text.slice(0, -'/latest'.length) : text;
  const [from, to, ...more] = which.split('..');
  const isRange = to !== undefined;
  const isGlob = /[*?[]/.test(which);
  const isWrong = which === '..' || more.length > 0 || (isRange && isGlob);
  if (!/^[\w.+~^*?[\]!-]+$/.test(which) || isWrong) {
    throw new KbuildError(
      'KERNEL_REF',
      `'${ref}' is no kernel reference: '${which}' is neither a release, a glob nor a range`,
      "After the '/' write a release (6.1.0-56-arm64), a glob (*-cloud-*), a range (6.1.0-50..6.1.0-56), or latest.",
    );
  }
  if (isRange) {
    const range = { kind: 'range' as const, ...(from && { from }), ...(to && { to }) };
    return { text: which, latest, match: range };
  }
  const match = isGlob
    ? { kind: 'glob' as const, pattern: which }
    : { kind: 'release' as const, release: which };
  return { text: which, latest, match };
}

/** Whether a release is among those that a selector names, `latest` left aside. */
export function selects({ match }: Selector, release: string, stock: boolean): boolean {
  switch (match.kind) {
    case 'stock':
      return stock;
    case 'release':
      return release === match.release;
    case 'glob':
      return matchesGlob(release, match.pattern);
    case 'range': {
      const above = match.from === undefined || compareReleases(release, match.from) >= 0;
      // 6.1.0-56-arm64 belongs to ..6.1.0-56: an end names all flavours.
      const below =
        match.to === undefined ||
        compareReleases(release, match.to) <= 0 ||
        (/^[-.+]/.test(release.slice(match.to.length)) && release.startsWith(match.to));
      return above && below;
    }
  }
}
