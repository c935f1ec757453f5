/**
 * What the runner of GitHub Actions reads in the output of a step (actions/runner,
 * src/Runner.Common/ActionCommand.cs): `::name key=value,key=value::data`.
 */
export function workflowCommand(
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  data: string,
): string {
  const written = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}=${escapeProperty(String(value))}`,
  );
  return `::${name}${written.length === 0 ? '' : ` ${written.join(',')}`}::${escapeData(data)}`;
}

/** The percent sign first: the others become one. */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
