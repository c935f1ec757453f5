/** A document of one element. */
export const xmlDocument = (root: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;

/** An element; its content is XML already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: readonly string[],
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
  const start = `<${name}${written.join('')}`;
  return content.length === 0 ? `${start}/>` : `${start}>${content.join('')}</${name}>`;
}

/** As JUnit has times. */
export const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

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
export const escape = (text: string | number): string =>
  String(text)
    .replaceAll(notInXml, (sign) => {
      const code = sign.codePointAt(0) ?? 0;
      return code > 0xff ? '\ufffd' : `\\x${code.toString(16).padStart(2, '0')}`;
    })
    .replaceAll(/[\x7f-\x9f]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16)}`)
    .replaceAll(/[&<>"\t\r]/g, (sign) => entities[sign] ?? sign);
