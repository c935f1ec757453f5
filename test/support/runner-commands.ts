/** A command as the runner of GitHub Actions has read it. */
export interface RunnerCommand {
  name: string;
  properties: Record<string, string>;
  data: string;
}

/**
 * The commands that the runner of GitHub Actions reads in the output of a step: its two forms, with its
 * rules of what a line is, what begins a command and how its parts are escaped (actions/runner,
 * src/Runner.Common/ActionCommand.cs).
 */
export function runnerCommands(output: string): RunnerCommand[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => newForm(line) ?? oldForm(line) ?? []);
}

const known =
  /^(error|warning|notice|debug|group|add-mask|add-path|set-env|set-output|stop-commands)$/i;

function newForm(line: string): RunnerCommand | undefined {
  // .NET passes over what cannot be seen where it compares by a culture's rules.
  const text = line.replace(/^[\s\p{C}]+/u, '');
  if (!text.startsWith('::')) return undefined;
  const end = text.indexOf('::', 2);
  if (end === -1) return undefined;
  return command(text.slice(2, end), ',', text.slice(end + 2), [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%3A', ':'],
    ['%2C', ','],
    ['%25', '%'],
  ]);
}

function oldForm(line: string): RunnerCommand | undefined {
  const start = line.indexOf('##[');
  const end = line.indexOf(']', start);
  if (start === -1 || end === -1) return undefined;
  return command(line.slice(start + 3, end), ';', line.slice(end + 1), []);
}

function command(
  info: string,
  separator: string,
  data: string,
  escapes: [string, string][],
): RunnerCommand | undefined {
  const space = info.indexOf(' ');
  const name = space === -1 ? info : info.slice(0, space);
  if (!known.test(name)) return undefined;
  const unescape = (text: string, some: [string, string][]) =>
    some.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const pairs = space === -1 ? [] : info.slice(space + 1).split(separator);
  const properties = Object.fromEntries(
    pairs.flatMap((pair) => {
      const at = pair.indexOf('=');
      return at === -1 ? [] : [[pair.slice(0, at), unescape(pair.slice(at + 1), escapes)]];
    }),
  ) as Record<string, string>;
  // Of the data, colons and commas are none of the escapes.
  const inData = escapes.filter(([from]) => from !== '%3A' && from !== '%2C');
  return { name, properties, data: unescape(data, inData) };
}
