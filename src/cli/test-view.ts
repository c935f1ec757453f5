import { join } from 'node:path';
import type { Manifest } from '../artifact/manifest-schema.js';
import type { TestCaseRecord, TestRecord } from '../artifact/test-record-schema.js';
import { displayPath } from './display-path.js';
import type { Style } from './style.js';
import { withoutControls } from './style.js';
import { formatFailures } from './result-failures.js';
import { formatTable, type Cell } from './table.js';
import { formatCase, formatTestError } from './test-case-view.js';
import { formatDuration } from './units.js';

const header = ['kernel', 'arch', 'project', 'case', 'result', 'taint', 'time'];

/**
 * The result of tests for people: a row for each case, then what failed, where, in the kernel's own
 * words, then a summary. With `all`, what was seen in the cases that passed is shown too.
 */
export function formatTestRun(manifest: Manifest, style: Style, all: boolean): string {
  const tests = manifest.tests ?? [];
  const rows = tests.flatMap(testRows);
  return [
    ...(rows.length > 0 ? [formatTable(header, rows, style)] : []),
    ...formatFailures(manifest, style), // what could not be built
    ...tests.flatMap((test) => [
      ...(test.error === undefined ? [] : [formatTestError(test, test.error, style)]),
      ...test.cases
        .filter(({ verdict }) => all || verdict === 'failed')
        .map((one) => formatCase(test, one, manifest.output, style, all)),
    ]),
    summary(manifest, tests, style),
  ].join('\n\n');
}

function testRows({ release, arch, project, cases, error }: TestRecord): Cell[][] {
  const label = [release, arch, project].map((text) => ({ text }));
  const none: Cell = { text: '-', format: 'dim' };
  const rows = cases.map((one): Cell[] => [
    ...label,
    { text: one.name },
    resultCell(one),
    { text: one.taint.after.letters || '-', format: 'dim' },
    { text: formatDuration(one.milliseconds), align: 'right' },
  ]);
  if (error === undefined) return rows;
  const failed: Cell = { text: 'not tried', format: 'red' };
  return [...rows, [...label, none, failed, none, none]];
}

/** What it came to in a word or two: the first of its reasons says it best. */
function resultCell({ verdict, reasons, modules, repetitions }: TestCaseRecord): Cell {
  const tested = modules.filter(({ role }) => role === 'tested');
  const [first] = reasons;
  if (verdict === 'failed' && first !== undefined) {
    return { text: first.code.toLowerCase().replaceAll('_', ' '), format: 'red' };
  }
  const silent = tested.filter(({ outcome }) => outcome === 'no device').length;
  const refused = modules.find(({ outcome }) => outcome === 'refused');
  if (refused !== undefined) {
    return { text: `refused as expected: ${refused.error ?? ''}`, format: 'green' };
  }
  if (silent === tested.length && silent > 0) {
    return { text: 'loaded, no device', format: 'green' };
  }
  const times = repetitions > 1 ? ` ${repetitions}×` : '';
  const some = silent > 0 ? `, ${silent} without a device` : '';
  return { text: `passed${times}${some}`, format: 'green' };
}

function summary(
  { output, milliseconds, jobs }: Manifest,
  tests: readonly TestRecord[],
  { paint }: Style,
): string {
  const cases = tests.flatMap((test) => test.cases);
  const failed = cases.filter(({ verdict }) => verdict === 'failed').length;
  const untried = tests.filter(({ error }) => error !== undefined).length;
  const unbuilt = jobs.filter(({ status }) => status === 'failed').length;
  const kernels = new Set(tests.map(({ release, arch }) => `${release} ${arch}`)).size;
  const parts = [
    paint('bold', `${cases.length - failed} passed`),
    ...(failed > 0 ? [paint('red', `${failed} failed`)] : []),
    ...(untried > 0 ? [paint('red', `${untried} not tried`)] : []),
    ...(unbuilt > 0 ? [paint('red', `${unbuilt} not built`)] : []),
  ].join(', ');
  const on = `on ${kernels} ${kernels === 1 ? 'kernel' : 'kernels'}`;
  const where = withoutControls(displayPath(join(output, 'manifest.json')));
  return `${parts} ${on} in ${formatDuration(milliseconds)}; ${where}`;
}
