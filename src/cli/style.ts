import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours text for one stream; plain where it is no terminal, or where NO_COLOR is set. */
export interface Style {
  paint: (format: Format, text: string) => string;
}

export function styleFor(stream: NodeJS.WriteStream, environment = process.env): Style {
  // https://no-color.org: set and not empty.
  const coloured = stream.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
  // styleText would look at stdout, whatever the stream is.
  return {
    paint: (format, text) => (coloured ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** Text of a build without what would move the cursor or ring the bell. Tabs stay. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]/g, '');
}
