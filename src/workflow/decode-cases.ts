import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { archByName } from '../arch/arch.js';
import { decodeStacks } from '../vm/decode-stack.js';
import type { TriedCase } from '../vm/run-cases.js';
import type { TestCase } from '../vm/test-case.js';
import type { PlannedCase } from './plan-cases.js';
import type { Session } from './session.js';
import type { TestSubject } from './test-subject.js';

/** What reading debug information may take. */
const limits = { memoryBytes: 2 ** 31, diskBytes: 2 ** 28, timeoutMs: 60_000 };

/**
 * What came of a subject's cases, in order, with places of the sources in what the kernel complained of,
 * where the modules' debug information tells them.
 */
export async function decodeCases(
  { kdir, own, others, built }: TestSubject,
  planned: readonly PlannedCase[],
  tried: ReadonlyMap<TestCase, TriedCase>,
  session: Session,
): Promise<(TriedCase | undefined)[]> {
  const found = planned.map((one) => ('testCase' in one ? tried.get(one.testCase) : undefined));
  const reports = found.flatMap((one) => one?.record.reports ?? []);
  if (reports.length === 0 || built === undefined || built.imageId === '') return found;
  const runtime = await session.runtime();
  if (runtime.kind === 'host') return found;
  const vmlinux = join(dirname(kdir.configPath), 'vmlinux'); // of a kernel that was built there
  const decoded = await decodeStacks(reports, {
    ...(existsSync(vmlinux) && { vmlinux }),
    modules: new Map([...others, ...own].map((file) => [moduleName(file), file])),
    triple: archByName(kdir.arch).triple,
    image: built.imageId,
    runtime,
    limits,
    toUserPath: built.toUserPath,
    signal: session.signal,
  });
  let next = 0;
  return found.map((one) => {
    if (one === undefined) return undefined;
    const { record } = one;
    const own = decoded.slice(next, next + record.reports.length);
    next += record.reports.length;
    return { ...one, record: { ...record, reports: own } };
  });
}

const moduleName = (file: string): string =>
  basename(file)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
