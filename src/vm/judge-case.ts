import { taintLetters } from '../artifact/taint-flags.js';
import type { CaseRecord, LoadRecord } from './case-record.js';
import type { CaseResult, ModuleResult, Reason } from './case-result.js';
import { endReasons } from './judge-end.js';
import { expectationReasons } from './judge-expectations.js';
import { loadReasons } from './judge-loads.js';
import { reportReasons, taintReasons } from './judge-reports.js';
import { unloadReasons } from './judge-unloads.js';
import { guestModules, type Load, type TestCase } from './test-case.js';

/**
 * What is to be said of a case: held to what always counts (all loads, nothing is complained of, all
 * unloads, nothing stays behind), and to what it expects. A module that answers that its hardware is not
 * there was loaded and has run: that is no failure.
 */
export function judgeCase(testCase: TestCase, record: CaseRecord): CaseResult {
  const modules = testCase.loads.map((load) => moduleResult(load, record));
  const { causes, others } = reportReasons(testCase, record);
  const reasons: Reason[] = [
    ...causes,
    ...endReasons(testCase, record),
    ...others,
    ...loadReasons(testCase, modules, record),
    ...expectationReasons(testCase, record),
    ...unloadReasons(record),
    ...taintReasons(record),
  ];
  if (reasons.length === 0) reasons.push(...unfinished(testCase, record, modules));
  const { before, after } = record.taint;
  return {
    name: testCase.name,
    verdict: reasons.length === 0 ? 'passed' : 'failed',
    reasons,
    end: record.end,
    repetitions: record.repetitions,
    milliseconds: record.milliseconds,
    modules: [...modules, ...requestedModules(testCase, record)],
    requests: record.requests,
    ...(record.script !== undefined && { script: record.script }),
    unloads: record.unloads,
    taint: {
      before: { value: before, letters: taintLetters(before) },
      after: { value: after, letters: taintLetters(after) },
    },
    leftBehind: record.leftBehind,
    reports: record.reports,
    tail: record.tail,
  };
}

/** Modules that were loaded since the kernel asked for them, and that the case itself does not name. */
function requestedModules(testCase: TestCase, { requests }: CaseRecord): ModuleResult[] {
  const { loads } = testCase;
  const roles = new Map(guestModules(testCase).map(({ name, role }) => [name, role]));
  const others = new Map(
    requests
      .flatMap((request) => request.loads)
      .filter(({ module }) => !loads.some((load) => load.module.name === module))
      .map((load) => [load.module, load]),
  );
  return Array.from(others.values(), ({ module, error }) => ({
    module,
    role: roles.get(module) ?? 'needed',
    outcome: outcomeOfError(error),
    ...(error !== undefined && { error }),
    parameters: {},
    messages: [],
  }));
}

function moduleResult({ module }: Load, record: CaseRecord): ModuleResult {
  const load = record.loads.find((one) => one.module === module.name);
  const { name, role } = module;
  return {
    module: name,
    role,
    outcome: outcomeOf(name, load, record),
    ...(load?.error !== undefined && { error: load.error }),
    ...(load !== undefined && { milliseconds: load.milliseconds }),
    parameters: load?.parameters ?? {},
    messages: load?.messages ?? [],
  };
}

function outcomeOf(
  name: string,
  load: LoadRecord | undefined,
  { end, at, requests }: CaseRecord,
): ModuleResult['outcome'] {
  const endedHere = end !== 'completed' && at?.step === 'load' && at.module === name;
  if (endedHere || load?.isCutShort === true) return 'unfinished';
  if (load !== undefined) return outcomeOfError(load.error);
  const isServed = requests.some(({ loads }) =>
    loads.some(({ module, error }) => module === name && error === undefined),
  );
  return isServed ? 'loaded' : 'not reached';
}

function outcomeOfError(error: string | undefined): ModuleResult['outcome'] {
  if (error === undefined) return 'loaded';
  return error === 'ENODEV' || error === 'ENXIO' ? 'no device' : 'refused';
}

/** What was to be done and was not, though nothing that was done went wrong. */
function unfinished(
  { script, repeat, expect }: TestCase,
  { script: ran, repetitions }: CaseRecord,
  modules: readonly ModuleResult[],
): Reason[] {
  const cut = modules.find(({ outcome }) => outcome === 'unfinished');
  if (cut !== undefined) {
    const text = `${cut.module}: loading it was cut short: ${cut.error ?? 'it did not end'}`;
    return [{ code: 'MODULE_REFUSED', text }];
  }
  const missed = modules.filter(({ outcome }) => outcome === 'not reached');
  if (missed.length > 0) {
    const names = missed.map(({ module }) => module).join(', ');
    const before = modules.find(({ outcome }) => outcome === 'no device');
    const why = before === undefined ? '' : `, after ${before.module} had found no device`;
    return [{ code: 'NOT_REACHED', text: `${names}: loading it was not tried${why}` }];
  }
  if (script !== undefined && ran === undefined && expect.refused === undefined) {
    return [{ code: 'SCRIPT_NOT_RUN', text: 'the script was not run' }];
  }
  if (repetitions < repeat) {
    const text = `all was loaded and unloaded ${repetitions} times, not ${repeat}`;
    return [{ code: 'NOT_REPEATED', text }];
  }
  return [];
}
