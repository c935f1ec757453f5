import { controls, quoted, Refusal } from './refusal.js';

/** What a Debian package says of itself, as far as it matters here (deb-control(5)). */
export interface DebControl {
  package: string;
  version: string;
  /** As it is written, on one line. */
  depends?: string;
}

/**
 * Reads the control file of a Debian package.
 * @throws Refusal if it does not tell the package and its version
 */
export function parseControl(text: string): DebControl {
  const fields = new Map<string, string>();
  let last = '';
  for (const line of text.split('\n')) {
    if (/^\s*$/.test(line)) {
      if (fields.size > 0) break; // a second stanza would be another package's
      continue;
    }
    const [, name, value] = /^([^\s:]+):(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      last = name.toLowerCase();
      if (fields.has(last)) throw new Refusal(`its control file has two fields ${quoted(name)}`);
      fields.set(last, value.trim());
    } else if (/^[ \t]/.test(line)) {
      fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`.trim());
    } else {
      throw new Refusal(`its control file has the line ${quoted(line)}, which is no field`);
    }
  }
  const field = (name: string, form: RegExp): string => {
    const value = fields.get(name) ?? '';
    if (form.test(value)) return value;
    throw new Refusal(`its control file says '${name}: ' ${quoted(value)}, which cannot be`);
  };
  const depends = fields.get('depends')?.replaceAll(controls, ' ');
  return {
    package: field('package', /^[a-z0-9][a-z0-9+.-]+$/i),
    version: field('version', /^[A-Za-z0-9.+~:-]+$/),
    ...(depends !== undefined && depends !== '' && { depends }),
  };
}
