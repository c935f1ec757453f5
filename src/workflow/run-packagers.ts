import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { unpackArchive } from '../artifact/collect.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { prepare } from '../events/prepare.js';
import type { PackImage } from '../release/pack/pack-image.js';
import type { PackageFile, PackageRecipe } from '../release/pack/recipe.js';
import { writeEntries } from '../release/pack/write-entries.js';
import type { RunOutcome } from '../runtime/port.js';
import { buildEnvironment } from '../runtime/build-environment.js';
import type { Session } from './session.js';

/** The suite whose tools make packages: the oldest that has them all, so that others can read them. */
const suite = 'bookworm';

const limits = { memoryBytes: 2 ** 32, diskBytes: 2 ** 32, timeoutMs: 30 * 60 * 1000 };

/**
 * Makes packages with the distribution's own tools, all in one container without a network, as many
 * at once as there are CPUs.
 * @param title what people are told that it is; default: the packages
 * @returns them in the order of the recipes
 * @throws KbuildError PACKAGE_FAILED, ENGINE_*, IMAGE_*
 */
export async function runPackagers(
  recipes: readonly PackageRecipe[],
  image: PackImage,
  session: Session,
  title = titleOf(recipes),
): Promise<PackageFile[]> {
  if (recipes.length === 0) return [];
  const { id } = await session.suiteImage(suite, image.name, setupOf(image));
  return runRecipes(recipes, id, session, title);
}

/** The same in an image that is there. */
export async function runRecipes(
  recipes: readonly PackageRecipe[],
  image: string,
  session: Session,
  title = titleOf(recipes),
): Promise<PackageFile[]> {
  if (recipes.length === 0) return [];
  return prepare(session.emit, title, async (onLine) => {
    const source = join(session.scratch, 'packages', `${++runs}`);
    const told = new Told(recipes, onLine);
    try {
      for (const [i, { entries, script }] of recipes.entries()) {
        await writeEntries(entries, join(source, `${i}`, 'src'));
        const run = { path: 'run', content: script, executable: true };
        await writeEntries([run], join(source, `${i}`, 'do'));
      }
      const runtime = await session.runtime();
      const outcome = await runtime.run(
        {
          ...limits,
          image,
          script: driver(recipes.length),
          env: buildEnvironment(),
          mounts: [{ source, target: '/src' }],
          profile: 'build',
          title,
        },
        { onLine: (line) => { told.add(line); }, signal: session.signal },
      );
      if (outcome.end === 'exited' && outcome.exitCode === 0) {
        const made = new Map(
          (await unpackArchive(outcome.stdout)).map(({ path, bytes }) => [path, bytes]),
        );
        return recipes.map(({ name }, i) => {
          const bytes = made.get(`${i}`);
          if (bytes === undefined) throw failed(name, 'its script left no file', []);
          return { name, bytes };
        });
      }
      throw told.failure(title, outcome);
    } finally {
      await rm(source, { recursive: true, force: true });
    }
  });
}

let runs = 0;

const titleOf = (recipes: readonly PackageRecipe[]): string =>
  recipes.length === 1 ? (recipes[0]?.name ?? '') : `${recipes.length} packages`;

const setupOf = ({ packages }: PackImage): string | undefined =>
  packages.length === 0
    ? undefined
    : `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')} && rm -rf /var/lib/apt/lists/*`;

/** Runs each recipe's script; each line that one prints begins with its number. */
const driver = (count: number): string =>
  [
    'set -e',
    'mkdir /build/out',
    `seq 0 ${count - 1} | xargs -P ${availableParallelism()} -I{} sh -c '`,
    '  export SRC=/src/{}/src TMP=/build/{} OUT=/build/out/{}',
    '  mkdir "$TMP"',
    '  { sh "/src/{}/do/run" 2>&1; echo $? > "$TMP.status"; } | sed -u "s/^/{}\t/" >&2',
    '  read -r status < "$TMP.status"',
    '  [ "$status" = 0 ] || { echo "{} exited with $status" >&2; exit 255; }',
    '  rm -rf "$TMP"',
    "'",
    'cd /build/out',
    'tar -cf - *',
  ].join('\n');

/** What the scripts have printed, each apart. */
class Told {
  readonly #lines = new Map<number, string[]>();
  #failed: { recipe: number; status: number } | undefined;

  constructor(
    readonly recipes: readonly PackageRecipe[],
    readonly onLine: (line: string) => void,
  ) {}

  add(line: string): void {
    const [, recipe, text] = /^(\d+)\t(.*)$/s.exec(line) ?? [];
    if (recipe !== undefined && text !== undefined) {
      const lines = this.#lines.get(Number(recipe)) ?? [];
      lines.push(text);
      this.#lines.set(Number(recipe), lines);
      this.onLine(this.recipes.length === 1 ? text : `${this.#nameOf(Number(recipe))}: ${text}`);
      return;
    }
    const [, number, status] = /^(\d+) exited with (\d+)$/.exec(line) ?? [];
    if (number === undefined) this.onLine(line);
    else this.#failed ??= { recipe: Number(number), status: Number(status) };
  }

  /** Whose script failed, and what it said last. */
  failure(title: string, { end, exitCode }: RunOutcome): KbuildError {
    if (end !== 'exited' || this.#failed === undefined) {
      return failed(title, end === 'exited' ? `the container exited with ${exitCode}` : end, []);
    }
    const { recipe, status } = this.#failed;
    const why = `its script exited with ${status}`;
    return failed(this.#nameOf(recipe), why, this.#lines.get(recipe) ?? []);
  }

  #nameOf(recipe: number): string {
    return this.recipes[recipe]?.name ?? '';
  }
}

const failed = (title: string, why: string, lines: readonly string[]): KbuildError =>
  new KbuildError(
    'PACKAGE_FAILED',
    `${title} could not be made: ${[why, ...lines.slice(-3)].join('; ')}`,
    'Run it again with --verbose to see all that the tool says.',
  );
