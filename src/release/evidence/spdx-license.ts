/** A licence as an SBOM has it. */
export type SbomLicense =
  | { kind: 'id'; id: string }
  | { kind: 'expression'; expression: string }
  | { kind: 'name'; name: string };

/**
 * What MODULE_LICENSE names, as SPDX has it. "GPL" and "GPL v2" say the same, and neither whether it is
 * "only or later" (include/linux/module.h): what holds in either case is version 2. Which BSD or MPL a
 * dual licence has is not said at all: such a one keeps its own name.
 */
const moduleLicenses: Readonly<Record<string, SbomLicense>> = {
  GPL: { kind: 'id', id: 'GPL-2.0-only' },
  'GPL v2': { kind: 'id', id: 'GPL-2.0-only' },
  'Dual MIT/GPL': { kind: 'expression', expression: 'MIT OR GPL-2.0-only' },
};

/**
 * The licence of a module.
 * @param said by MODULE_LICENSE
 * @param declared what the project's configuration says of its packages: this counts for more, where
 *   it is SPDX
 * @param isSpdxId whether SPDX knows an id
 */
export function sbomLicense(
  said: string | undefined,
  declared: string | undefined,
  isSpdxId: (id: string) => boolean,
): SbomLicense | undefined {
  const known = declared === undefined ? undefined : asSpdx(declared, isSpdxId);
  if (known !== undefined) return known;
  const text = said ?? declared;
  if (text === undefined) return undefined;
  return moduleLicenses[text] ?? asSpdx(text, isSpdxId) ?? { kind: 'name', name: text };
}

/** An id, or an expression that is made of ids alone. */
function asSpdx(text: string, isSpdxId: (id: string) => boolean): SbomLicense | undefined {
  if (isSpdxId(text)) return { kind: 'id', id: text };
  const operands = text
    .replaceAll(/[()]/g, ' ')
    .split(/ +(?:AND|OR) +/)
    // What follows WITH is an exception, of another list; `+` means "or later".
    .map((operand) =>
      operand
        .trim()
        .replace(/ +WITH +[\w.-]+$/, '')
        .replace(/\+$/, ''),
    );
  return operands.every(isSpdxId) ? { kind: 'expression', expression: text } : undefined;
}
