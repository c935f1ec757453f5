import { join } from 'node:path';
import type { TestCaseRecord, TestRecord } from '../artifact/test-record-schema.js';
import { displayPath } from './display-path.js';
import { withoutControls, type Style } from './style.js';
import { nextStep } from './test-next-step.js';

/** So many lines of the kernel's are shown of a part that went wrong; the log has all. */
const shownLines = 12;
const shownFrames = 8;

type Message = TestCaseRecord['tail'][number];

/** A case as a block: what, why, the kernel's own words, the stack, the log, what to do next. */
export function formatCase(
  test: TestRecord,
  one: TestCaseRecord,
  output: string,
  style: Style,
  all: boolean,
): string {
  const isFailed = one.verdict === 'failed';
  const { paint } = style;
  const head = `${paint(isFailed ? 'red' : 'green', one.verdict)} ${test.job}: ${withoutControls(one.name)}`;
  const [first] = one.reasons;
  const lines = [
    ...one.reasons.map(
      ({ code, text }) =>
        `${withoutControls(withShortPaths(text, one))} ${paint('dim', `[${code}]`)}`,
    ),
    ...(isFailed || all ? words(one, style, all) : []),
    ...one.reports.flatMap((report) => stackLines(report, style)),
    ...(all ? parameterLines(one, style) : []),
    ...(isFailed || all ? requestLines(one, style) : []),
    ...(one.log === undefined
      ? []
      : [`${paint('dim', 'log ')} ${displayPath(join(output, one.log))}`]),
    ...(first === undefined ? [] : [`${paint('cyan', 'hint')} ${nextStep(first.code)}`]),
  ];
  return [head, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** A job whose virtual machine could not be run. */
export function formatTestError(
  { job }: TestRecord,
  { code, message, hint }: NonNullable<TestRecord['error']>,
  { paint }: Style,
): string {
  const told = withoutControls(message).split('\n').join('\n  ');
  const title = `${paint('red', 'not tried')} ${job} ${paint('dim', `[${code}]`)}`;
  return `${title}\n  ${told}\n  ${paint('cyan', 'hint')} ${withoutControls(hint)}`;
}

/** What the kernel said: of what went wrong, or of all. */
function words(one: TestCaseRecord, { paint }: Style, all: boolean): string[] {
  const parts: [string, readonly Message[]][] = [
    ...one.modules
      .filter(({ outcome }) => all || outcome === 'refused' || outcome === 'unfinished')
      .map(({ module, messages }): [string, Message[]] => [`load ${module}`, messages]),
    ...(all ? [['script', one.script?.messages ?? []] as [string, Message[]]] : []),
    ...one.unloads
      .filter(({ error }) => all || error !== undefined)
      .map(({ module, messages }): [string, Message[]] => [`unload ${module}`, messages]),
    // A report's own lines are its stack; the tail holds them again.
    ...(one.reports.length === 0 ? [['last lines', one.tail] as [string, Message[]]] : []),
  ];
  const failedScript = one.script !== undefined && (all || one.script.exitCode !== 0);
  return [
    ...parts.flatMap(([title, messages]) => part(title, messages.map(messageText))),
    ...(failedScript ? part('script printed', one.script?.output ?? []) : []),
  ].map((line) => (line.endsWith(':') && !line.startsWith(' ') ? paint('dim', line) : line));
}

function part(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - shownLines;
  return [
    `${title}:`,
    ...(more > 0 ? [`  … ${more} lines before`] : []),
    ...lines.slice(-shownLines).map((line) => `  ${withoutControls(line)}`),
  ];
}

const messageText = ({ seconds, text }: Message): string =>
  seconds === undefined ? text : `[${seconds.toFixed(6).padStart(12)}] ${text}`;

/** Places in modules, with source, first: that is where to look. */
function stackLines(
  { title, stack }: TestCaseRecord['reports'][number],
  { paint }: Style,
): string[] {
  if (stack.length === 0) return [];
  const inModule = ({ text }: { text: string }) => /\[[\w-]+[^\]]*\]\s*$/.test(text);
  const rank = (frame: (typeof stack)[number]) =>
    inModule(frame) ? (frame.source === undefined ? 1 : 0) : 2;
  const sorted = stack
    .map((frame, i) => ({ frame, i }))
    .sort((a, b) => rank(a.frame) - rank(b.frame) || a.i - b.i);
  const more = stack.length - shownFrames;
  return [
    `${paint('dim', 'stack of')} ${withoutControls(title)}${paint('dim', ':')}`,
    ...sorted.slice(0, shownFrames).map(({ frame }) => {
      const source =
        frame.source === undefined
          ? ''
          : `${paint('bold', withoutControls(shortSource(frame.source)))}  `;
      return `  ${source}${withoutControls(frame.text)}`;
    }),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

/** Places of sources as the user would type them: `ring.c:12, inlined at ring.h:3`. */
const shortSource = (source: string): string =>
  source
    .split(', inlined at ')
    .map((place) => displayPath(place))
    .join(', inlined at ');

/** A reason's words, which may name a place in a stack. */
function withShortPaths(text: string, { reports }: TestCaseRecord): string {
  const sources = reports.flatMap(({ stack }) => stack.flatMap(({ source }) => source ?? []));
  return sources.reduce((words, source) => words.replaceAll(source, shortSource(source)), text);
}

/** What the kernel asked for, and what was loaded for it. */
function requestLines({ requests }: TestCaseRecord, { paint }: Style): string[] {
  const lines = requests.map(({ name, loads, isUnknown }) => {
    const loaded = loads.map(({ module, error }) => [module, error].filter(Boolean).join(' '));
    const answer = isUnknown ? 'no module here' : loaded.join(', ') || 'there already';
    return `${paint('dim', 'asked for')} ${withoutControls(`${name}: ${answer}`)}`;
  });
  const shown = [...new Set(lines)];
  const more = shown.length - shownLines;
  return [...shown.slice(0, shownLines), ...(more > 0 ? [`… and ${more} others`] : [])];
}

/** Parameters as sysfs showed them. */
function parameterLines({ modules }: TestCaseRecord, { paint }: Style): string[] {
  return modules.flatMap(({ module, parameters }) => {
    const shown = Object.entries(parameters).map(
      ([name, value]) => `${name}=${withoutControls(value.trim())}`,
    );
    return shown.length === 0
      ? []
      : [`${paint('dim', 'parameters')} ${module}: ${shown.join(' ')}`];
  });
}
