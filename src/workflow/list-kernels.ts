import type { Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { matchesGlob } from '../module/glob.js';
import type { KernelListing } from '../kernel/providers/port.js';
import { repositoryId } from '../kernel/repository.js';
import { listKernels as listOf } from '../kernel/resolve.js';
import type { Session } from './session.js';

/**
 * The kernels that there are: of a reference (`debian:bookworm` means all of that suite), of a whole
 * distribution (`debian`), of this machine (`host`); without a name, of Debian and this machine.
 * What cannot be asked is told as a warning, unless it alone was named.
 * @param filter a glob over releases and whole references
 */
export async function listKernels(
  name: string | undefined,
  archs: readonly Arch[],
  filter: string | undefined,
  { provider }: Session,
): Promise<KernelListing[]> {
  const refs = refsOf(name, provider.repositories.map(repositoryId));
  const found: KernelListing[] = [];
  const failures: KbuildError[] = [];
  for (const ref of refs) {
    try {
      found.push(...(await listOf(ref, archs, provider)));
    } catch (error) {
      if (!(error instanceof KbuildError) || error.code === 'INTERRUPTED') throw error;
      failures.push(error);
      const { message, hint } = error;
      if (refs.length > 1) provider.emit({ type: 'warning', message: `${ref}: ${message}`, hint });
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === refs.length) throw first;
  const wanted = (listing: KernelListing): boolean =>
    filter === undefined ||
    matchesGlob(listing.release, filter) ||
    matchesGlob(listing.ref, filter);
  return found.filter(wanted);
}

function refsOf(name: string | undefined, ids: readonly string[]): string[] {
  const whole = (distribution: string) =>
    ids.filter((id) => id.startsWith(`${distribution}:`)).map((id) => `${id}/*`);
  if (name === undefined) return [...whole('debian'), 'host/*'];
  if (name === 'host') return ['host/*'];
  const distribution = whole(name);
  if (distribution.length > 0) return distribution;
  const [, suites, selector = '*'] = /^([^/:]+:[^/:]+)(?:\/(.+))?$/.exec(name) ?? [];
  if (suites === undefined || name.startsWith('source:')) return [name];
  // A glob over suites: each by itself, so that one that does not answer is told of.
  const matching = ids.filter((id) => matchesGlob(id, suites)).map((id) => `${id}/${selector}`);
  return matching.length > 0 ? matching : [`${suites}/${selector}`];
}
