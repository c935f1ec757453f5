/** Why an archive is not taken: what is wrong with what in it. `openArchive` adds which one it is. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** What to do next, where there is better advice than `wholeOrUnpacked`. */
    readonly hint: string = wholeOrUnpacked,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'Refusal';
  }
}

const wholeOrUnpacked =
  'Get it again from where it comes from. If you trust it, unpack it yourself and name the directory.';

/** A name that a stranger chose, in quotes, short, and without anything that a terminal obeys. */
export function quoted(name: string): string {
  const short = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return JSON.stringify(short).replaceAll(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Control characters, those of the second half of Latin 1 and those that turn the text around. */
export const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
