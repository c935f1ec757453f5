import type { CaseResult, TestCaseRecord, TestRecord } from '../artifact/test-record-schema.js';
import { element, escape, seconds, xmlDocument } from './xml.js';

/**
 * Results of tests as JUnit XML, in the form that CI systems read: a suite for each job, a test case for each
 * case. A job of which nothing could be tried is a suite with an error.
 */
export function junitXml(tests: readonly TestRecord[]): string {
  const suites = tests.map(suite);
  return xmlDocument(element('testsuites', { name: 'kbuild-ts test', ...totals(tests) }, suites));
}

function totals(tests: readonly TestRecord[]): Record<string, string | number> {
  const cases = tests.flatMap((test) => test.cases);
  const errors = tests.filter(({ error }) => error !== undefined).length;
  return {
    tests: cases.length + errors,
    failures: cases.filter(({ verdict }) => verdict === 'failed').length,
    errors,
    time: seconds(cases.reduce((sum, { milliseconds }) => sum + milliseconds, 0)),
  };
}

function suite(test: TestRecord): string {
  const { job, project, release, arch, cases, error } = test;
  const facts = Object.entries({
    project,
    release,
    arch,
    kernelImage: test.kernelImage,
    accelerator: test.accelerator,
    qemu: test.qemu,
  }).flatMap(([name, value]) =>
    value === undefined ? [] : element('property', { name, value }, []),
  );
  const failed =
    error === undefined
      ? []
      : element('testcase', { name: 'the virtual machine', classname: job, time: seconds(0) }, [
          element('error', { type: error.code, message: error.message }, [escape(error.hint)]),
        ]);
  return element('testsuite', { name: job, ...totals([test]), skipped: 0 }, [
    element('properties', {}, facts),
    ...[failed].flat(),
    ...cases.map((one) => testCase(one, job)),
  ]);
}

function testCase(one: TestCaseRecord, classname: string): string {
  const { name, milliseconds, reasons, log } = one;
  const [first] = reasons;
  const failure =
    first === undefined
      ? []
      : element('failure', { type: first.code, message: first.text }, [
          escape(reasons.map(({ code, text }) => `${code}: ${text}`).join('\n')),
        ]);
  const output = [...messageLines(one), ...(log === undefined ? [] : [`console: ${log}`])];
  return element('testcase', { name, classname, time: seconds(milliseconds) }, [
    ...[failure].flat(),
    ...(output.length === 0 ? [] : [element('system-out', {}, [escape(output.join('\n'))])]),
  ]);
}

/** What the kernel said in a case, under what was done then. */
function messageLines({ modules, script, unloads, reports, tail }: CaseResult): string[] {
  const part = (
    title: string,
    messages: readonly { seconds?: number | undefined; text: string }[],
  ) =>
    messages.length === 0
      ? []
      : [
          `${title}:`,
          ...messages.map(({ seconds: at, text }) =>
            at === undefined ? text : `[${at.toFixed(6).padStart(12)}] ${text}`,
          ),
        ];
  return [
    ...modules.flatMap(({ module, messages }) => part(`load ${module}`, messages)),
    ...(script === undefined ? [] : ['script:', ...script.output]),
    ...part('said meanwhile', script?.messages ?? []),
    ...unloads.flatMap(({ module, messages }) => part(`unload ${module}`, messages)),
    ...reports.flatMap(({ kind, lines }) => part(`report (${kind})`, lines)),
    ...part('last lines', tail),
  ];
}
