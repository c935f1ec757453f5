import { KbuildError } from '../../../src/errors/kbuild-error.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import type { FuzzTarget } from './targets.js';

/** What went wrong: the seed of the random numbers repeats it. */
export interface Defect {
  target: string;
  randomSeed: number;
  problem: string;
}

/** A reader that takes longer than this over one file hangs, for its user. Milliseconds. */
const patience = 5_000;

/** Gives mutations of its seeds to a target, `runs` of them, and tells what went wrong. */
export async function fuzz(target: FuzzTarget, runs: number, firstSeed = 1): Promise<Defect[]> {
  const defects: Defect[] = [];
  for (let randomSeed = firstSeed; randomSeed < firstSeed + runs; randomSeed++) {
    const random = new Random(randomSeed);
    const seed = random.pick(target.seeds as [Uint8Array, ...Uint8Array[]]);
    const bytes = mutate(seed, random);
    const start = performance.now();
    const problem = await tryRead(target, bytes, seed);
    const took = performance.now() - start;
    if (problem !== undefined) defects.push({ target: target.name, randomSeed, problem });
    else if (took > patience) {
      defects.push({ target: target.name, randomSeed, problem: `took ${Math.round(took)} ms` });
    }
  }
  return defects;
}

async function tryRead(
  target: FuzzTarget,
  bytes: Buffer,
  seed: Uint8Array,
): Promise<string | undefined> {
  try {
    await target.read(bytes, seed);
    return undefined;
  } catch (error) {
    if (error instanceof KbuildError) return flawOf(error);
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** A typed error is right if it is one about the input, and says where or what. */
function flawOf({ code, message, hint }: KbuildError): string | undefined {
  const placed = !code.startsWith('MODULE_') || /\boffset \d+/.test(message);
  if (code === 'INTERNAL' || !placed || hint === '') return `${code}: ${message}`;
  return undefined;
}
