import { join } from 'node:path';
import type { EngineContext } from '../../src/engine/engine-context.js';
import { JobHistory } from '../../src/engine/job-history.js';
import { JobStore } from '../../src/engine/job-store.js';
import { Stage } from '../../src/engine/stage.js';
import type { Event } from '../../src/events/event.js';
import { parseSymvers } from '../../src/kernel/symvers.js';
import { readModule } from '../../src/module/read-module.js';
import type { RunSpec } from '../../src/runtime/port.js';
import { FakeRuntime, type FakeBuild } from './fake-runtime.js';
import { fixtureModule } from './fixture-module.js';
import { kernelFor } from './symvers.js';
import { temporaryDirectory } from './temporary-directory.js';

/** The x86_64 kernel that params and exporter of test/fixtures/modules/ were built for. */
export const fixtureKernel = parseSymvers(
  (['params-x86_64', 'exporter-x86_64'] as const)
    .map((name) => kernelFor(readModule(fixtureModule(name))))
    .join(''),
);

/** An engine with a cache of its own, whose builds go as `answer` says. */
export function fakeEngine(
  answer: (spec: RunSpec) => FakeBuild | Promise<FakeBuild>,
  changes: Partial<EngineContext> = {},
) {
  const events: Event[] = [];
  const runtime = new FakeRuntime(answer);
  const store = new JobStore(join(temporaryDirectory(), 'jobs'));
  /** The context of one run: what outlives a run is its cache. */
  const context = (more: Partial<EngineContext> = {}): EngineContext => {
    const scratch = temporaryDirectory();
    return {
      runtime: () => Promise.resolve(runtime),
      imageOf: ({ image }) => Promise.resolve(`id of ${image}`),
      knownImageId: () => undefined,
      store,
      useStore: true,
      history: JobHistory.load(scratch),
      stage: new Stage(scratch),
      configOf: () => new Map(),
      symversOf: () => fixtureKernel,
      signerOf: () => undefined,
      budget: { processes: 2, memoryBytes: 2 ** 33 },
      limits: { memoryBytes: 2 ** 30, diskBytes: 2 ** 20, timeoutMs: 60_000 },
      scratch,
      emit: (event) => events.push(event),
      signal: new AbortController().signal,
      ...changes,
      ...more,
    };
  };
  return { runtime, store, events, context };
}
