import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours text for one stream; plain where it is no terminal, or where NO_COLOR is set. */
export interface Style {
  paint(format: Format, text: string): string;
}

export function styleFor(stream: NodeJS.WriteStream, environment = process.env): Style {
  // https://no-color.org: set and not empty.
  const coloured = stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return { paint: (format, text) => (coloured ? styleText(format, text) : text) };
}

/** Text of a build without what would move the cursor or ring the bell. Tabs stay. */
export function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  return text.replaceAll(/\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]/g, '');
}
