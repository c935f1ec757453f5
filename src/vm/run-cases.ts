import { runAccelerated, type GuestsSpec } from './accelerated-guest.js';
import type { CaseRecord } from './case-record.js';
import type { Machines } from './machines.js';
import type { Accelerator } from './qemu-arguments.js';
import type { GuestContext } from './run-guest.js';
import type { TestCase } from './test-case.js';

/** What happened in a case, and in which guest. */
export interface TriedCase {
  record: CaseRecord;
  /** The file that the console of its guest was written to. */
  console: string;
}

/** What became of all cases of one kernel. */
export interface CasesRun {
  /** All but those that no guest came to. */
  tried: ReadonlyMap<TestCase, TriedCase>;
  /** Of each guest that came up, as they did. Milliseconds. */
  bootMs: number[];
  /** What the last of them ran with. */
  accelerator: Accelerator;
}

export interface CasesContext extends Omit<GuestContext, 'log'> {
  /** Names the file that the console of a new guest is written to. */
  consoleOf: () => string;
  machines: Machines;
}

/**
 * Tries all cases in one kernel, in as few guests as will do: those that want one for themselves get it,
 * and one that was left in a bad state is not used any more. What is left then is dealt to the machines that are
 * free: where one case is bad, others often are.
 * @throws KbuildError VM_FAILED, INTERRUPTED; no guest runs any more then
 */
export async function runCases(
  cases: readonly TestCase[],
  spec: GuestsSpec,
  context: CasesContext,
): Promise<CasesRun> {
  const guests = new Guests(spec, context);
  const shared = cases.filter(({ isolated }) => !isolated);
  const alone = cases.filter(({ isolated }) => isolated);
  await guests.tryAll([...(shared.length > 0 ? [shared] : []), ...alone.map((one) => [one])]);
  if (guests.failure !== undefined) throw guests.failure.error;
  const { tried, bootMs, accelerator } = guests;
  return { tried, bootMs, accelerator };
}

/** The guests of one kernel. */
class Guests {
  readonly tried = new Map<TestCase, TriedCase>();
  readonly bootMs: number[] = [];
  accelerator: Accelerator = 'tcg';
  failure: { error: unknown } | undefined;
  /** What became of the first case of a guest that did not come up, before any other did. */
  #dead: TriedCase | undefined;

  constructor(
    readonly spec: GuestsSpec,
    readonly context: CasesContext,
  ) {}

  /** Each group in guests of its own, side by side as there are machines. Nothing is thrown: all are to end first. */
  async tryAll(groups: readonly (readonly TestCase[])[]): Promise<void> {
    await Promise.all(groups.map((group) => this.#try(group)));
  }

  async #try(group: readonly TestCase[]): Promise<void> {
    const { machines } = this.context;
    const count = await machines.use(async () => {
      try {
        return await this.#runOne(group);
      } catch (error) {
        this.failure ??= { error }; // while the machine is held still: who waits for it sees it
        return 0;
      }
    });
    const rest = group.slice(count);
    if (rest.length > 0 && count > 0) await this.tryAll(deal(rest, Math.max(1, machines.free)));
  }

  /** Gives how many of the cases were tried. */
  async #runOne(group: readonly TestCase[]): Promise<number> {
    if (this.failure !== undefined) return 0;
    // A kernel that does not come up would not do so the next time.
    if (this.#dead !== undefined) return this.#give(group, this.#dead);
    const { consoleOf, scratch, signal } = this.context;
    const console = consoleOf();
    const { records, bootMs, accelerator } = await runAccelerated(group, this.spec, {
      scratch,
      signal,
      log: console,
    });
    this.accelerator = accelerator;
    if (bootMs !== undefined) this.bootMs.push(bootMs);
    const [first] = records;
    if (first?.at?.step === 'boot') {
      const dead = { record: first, console };
      if (this.bootMs.length === 0) this.#dead = dead;
      return this.#give(group, dead);
    }
    for (const [i, record] of records.entries()) {
      const testCase = group[i];
      if (testCase !== undefined) this.tried.set(testCase, { record, console });
    }
    return records.length;
  }

  #give(group: readonly TestCase[], { record, console }: TriedCase): number {
    for (const testCase of group) {
      this.tried.set(testCase, { record: { ...record, name: testCase.name }, console });
    }
    return group.length;
  }
}

/** Into so many hands, one after the other: neighbours are often of one kind, and take equally long. */
function deal<T>(items: readonly T[], hands: number): T[][] {
  const dealt = Array.from({ length: Math.min(hands, items.length) }, (): T[] => []);
  for (const [i, item] of items.entries()) dealt[i % dealt.length]?.push(item);
  return dealt;
}
