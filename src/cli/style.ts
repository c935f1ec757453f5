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

/** ECMA-48: sequences that ESC begins, or a C1 control in the stead of ESC and a letter. */
const controls = new RegExp(
  [
    /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/, // CSI: cursor, colours, the screen
    /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)/, // OSC and such
    /\x1b[ -/]+[0-~]/, // character sets
    /\x1b[0-Z\\^_c]/,
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/** Nearly all texts have none: finding that out is quicker than looking for whole sequences. */
const anyControl = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** Text of a build without what would move the cursor or ring the bell. Tabs stay. */
export function withoutControls(text: string): string {
  return anyControl.test(text) ? text.replaceAll(controls, '') : text;
}
