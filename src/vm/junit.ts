import type { CaseResult, TestCaseRecord, TestRecord } from '../artifact/test-record-schema.js';

/**
 * Results as JUnit XML, in the form that CI systems read: a suite for each job, a test case for each
 * case. A job of which nothing could be tried is a suite with an error.
 */
export function junitXml(tests: readonly TestRecord[]): string {
  const suites = tests.map(suite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    element('testsuites', { name: 'kbuild-ts test', ...totals(tests) }, suites),
    '',
  ].join('\n');
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

function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: readonly string[],
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
  const start = `<${name}${written.join('')}`;
  return content.length === 0 ? `${start}/>` : `${start}>${content.join('')}</${name}>`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

/** XML 1.0 has no way to write these characters, not even escaped. */
const notInXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\r': '&#13;',
};

/** Text as it stands in an element or an attribute; a control character is shown as `\x1b`. */
const escape = (text: string | number): string =>
  String(text)
    .replaceAll(notInXml, (sign) => {
      const code = sign.codePointAt(0) ?? 0;
      return code > 0xff ? '\ufffd' : `\\x${code.toString(16).padStart(2, '0')}`;
    })
    .replaceAll(/[\x7f-\x9f]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16)}`)
    .replaceAll(/[&<>"\t\r]/g, (sign) => entities[sign] ?? sign);
