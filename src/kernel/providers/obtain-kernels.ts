import type { KbuildError } from '../../errors/kbuild-error.js';
import { repositoryId, type Repository } from '../repository.js';
import { isAbsent, knownAbsent, noteAbsent } from './absent.js';
import {
  fetchedKernels,
  recordFetched,
  recordPath,
  resolutionOf,
  type FetchedKernel,
} from './fetched-kernel.js';
import { fetchPackages } from './fetch-packages.js';
import { indexTime } from './index-cache.js';
import { managerOf } from './managers.js';
import type { AvailableKernel, Download, Package } from './package-manager.js';
import type { ProviderContext, Resolution } from './port.js';
import type { Choices } from './select.js';

/**
 * Gets kernels: takes those that were fetched before, and fetches what the others lack in one go.
 * An index may name a version whose file the mirror does not have (any more, or yet): then an older
 * package of host tools serves, and of several choices the next one, with a word about it.
 */
export async function obtainKernels(
  repository: Repository,
  wanted: readonly Choices[],
  context: ProviderContext,
): Promise<Resolution[]> {
  const fetched = fetchedKernels(context.cache, repository);
  const pursuits = wanted.map((choices) => new Pursuit(repository, choices, fetched, context));
  for (;;) {
    const open = pursuits.filter((pursuit) => pursuit.isOpen());
    if (open.length === 0) return pursuits.flatMap(({ result }) => result ?? []);
    const packages = open.flatMap((pursuit) => pursuit.packages());
    const title = `kernel headers ${enumerate(open.map(({ kernel }) => kernel.release))}`;
    const manager = managerOf(repository);
    const downloads = await fetchPackages(repository, manager, packages, title, context);
    for (const pursuit of open) await pursuit.onFetched(downloads);
  }
}

/** One kernel on its way. */
class Pursuit {
  result: Resolution | undefined;
  kernel: AvailableKernel;
  readonly #newest: string;
  readonly #others: AvailableKernel[];
  /** The sets of packages of the kernel that are left to be tried. */
  #sets: Package[][];
  /** Why the first that was tried could not be had. */
  #failure: KbuildError | undefined;

  constructor(
    readonly repository: Repository,
    [first, ...others]: Choices,
    readonly fetched: readonly FetchedKernel[],
    readonly context: ProviderContext,
  ) {
    this.kernel = first;
    this.#newest = first.release;
    this.#others = others;
    this.#sets = first.sets.slice();
  }

  /** Whether packages must be fetched; if not, there is a result. */
  isOpen(): boolean {
    while (this.result === undefined) {
      const { release, arch } = this.kernel;
      const known = this.fetched.find((one) => one.release === release && one.arch === arch);
      if (known !== undefined) {
        this.#settle(known);
        return false;
      }
      // What is named alone is asked for anew: its mirror may have it by now.
      if (this.#others.length === 0) return true;
      const absent = knownAbsent(this.#record(), indexTime(this.repository, this.context));
      if (absent === undefined) return true;
      this.#giveUp(absent);
    }
    return false;
  }

  packages(): Package[] {
    return this.#sets[0] ?? [];
  }

  async onFetched(downloads: ReadonlyMap<Package, Download>): Promise<void> {
    const parts: { item: Package; directory: string }[] = [];
    for (const item of this.packages()) {
      const download = downloads.get(item);
      if (download === undefined) throw new Error(`nothing became of ${item.name}`);
      if ('error' in download) return this.#onFailure(download.error);
      parts.push({ item, directory: download.directory });
    }
    const { context, repository } = this;
    this.#settle(await recordFetched(context.cache, repository, this.kernel, parts));
  }

  async #onFailure(error: KbuildError): Promise<void> {
    this.#sets.shift();
    if (isAbsent(error) && this.#sets.length > 0) {
      this.#failure ??= error;
      return;
    }
    if (this.#others.length > 0) await noteAbsent(this.#record(), error);
    this.#giveUp(error);
  }

  /** Turns to the next choice where the mirror lacks this one; any other failure is the result. */
  #giveUp(error: KbuildError): void {
    this.#failure ??= error;
    const next = isAbsent(error) ? this.#others.shift() : undefined;
    if (next === undefined) {
      const { release, arch } = this.kernel;
      this.result = { ref: this.#ref(), release, arch, error: this.#failure };
      return;
    }
    this.kernel = next;
    this.#sets = next.sets.slice();
  }

  #settle(fetched: FetchedKernel): void {
    const { release, arch } = this.kernel;
    this.result = resolutionOf(this.context.cache, this.repository, fetched);
    if (this.#failure === undefined) return;
    const id = repositoryId(this.repository);
    const message =
      release === this.#newest
        ? `the host tools of ${release} cannot be fetched from ${id}; older ones are used`
        : `${this.#newest} is the newest kernel of ${id} for ${arch}, but its packages cannot be fetched; ${release} is used`;
    this.context.emit({ type: 'warning', message, hint: this.#failure.message });
  }

  #ref(): string {
    return `${repositoryId(this.repository)}/${this.kernel.release}`;
  }

  #record(): string {
    return recordPath(this.context.cache, this.repository, this.kernel);
  }
}

/** Some names, not dozens. */
function enumerate(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length - 3;
  return more > 0 ? `${distinct.slice(0, 3).join(', ')} and ${more} more` : distinct.join(', ');
}
