/** Control characters but tabs and ends of lines, and those that turn the direction of writing. */
const unprintable = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** What others wrote, as it may be shown: nothing in it moves a cursor, colours or hides anything. */
export const printable = (text: string): string => text.replaceAll(unprintable, '\ufffd');
