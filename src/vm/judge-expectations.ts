import { printable } from '../errors/printable.js';
import type { CaseRecord } from './case-record.js';
import type { Reason } from './case-result.js';
import { quote } from './case-words.js';
import type { KernelMessage } from './kernel-message.js';
import type { TestCase } from './test-case.js';

/** What a case expects and was not so; the script's end. */
export function expectationReasons({ expect }: TestCase, record: CaseRecord): Reason[] {
  const all = messagesOf(record);
  return [
    ...parameterReasons(expect.parameters ?? {}, record),
    ...scriptReasons(record),
    ...(expect.messages ?? []).flatMap((pattern): Reason[] => {
      if (all.some(({ text }) => new RegExp(pattern).test(text))) return [];
      return [{ code: 'MESSAGE_MISSING', text: `the kernel said nothing that matches ${pattern}` }];
    }),
    ...(expect.noMessages ?? []).flatMap((pattern): Reason[] => {
      const found = all.find(({ text }) => new RegExp(pattern).test(text));
      if (found === undefined) return [];
      const text = `the kernel said what it must not (${pattern}): ${quote(found.text)}`;
      return [{ code: 'MESSAGE_FORBIDDEN', text }];
    }),
  ];
}

/** All that the kernel said in a case, each line once. */
function messagesOf({ loads, script, unloads, tail, reports }: CaseRecord): KernelMessage[] {
  return [
    ...loads.flatMap(({ messages }) => messages),
    ...(script?.messages ?? []),
    ...unloads.flatMap(({ messages }) => messages),
    ...reports.flatMap(({ lines }) => lines),
    ...tail,
  ];
}

function parameterReasons(
  expected: Readonly<Record<string, Readonly<Record<string, string>>>>,
  { loads }: CaseRecord,
): Reason[] {
  const wanted = Object.entries(expected).flatMap(([module, values]) =>
    Object.entries(values).map(([name, value]) => ({ module, name, value })),
  );
  return wanted.flatMap(({ module, name, value }): Reason[] => {
    const load = loads.find((one) => isSame(one.module, module));
    const read = load?.error === undefined ? load?.parameters[name] : undefined;
    if (read === undefined) {
      const why =
        load === undefined || load.error !== undefined
          ? 'it is not loaded'
          : 'sysfs does not show it';
      const text = `${module}: ${name} could not be read back: ${why}`;
      return [{ code: 'PARAMETER_UNREADABLE', text }];
    }
    if (read.trim() === value.trim()) return [];
    const text = `${module}: ${name} is ${quote(read)}, not ${quote(value)}`;
    return [{ code: 'PARAMETER_DIFFERS', text }];
  });
}

function scriptReasons({ script }: CaseRecord): Reason[] {
  if (script?.exitCode === undefined || script.exitCode === 0) return []; // the end tells of one that did not end
  const last = script.output.filter((line) => line.trim() !== '').at(-1);
  const words = last === undefined ? '' : `; the last that it printed: ${printable(last)}`;
  return [{ code: 'SCRIPT_FAILED', text: `the script ended with ${script.exitCode}${words}` }];
}

/** The kernel takes '-' for '_' in the name of a module. */
const isSame = (a: string, b: string): boolean => a.replaceAll('-', '_') === b.replaceAll('-', '_');
