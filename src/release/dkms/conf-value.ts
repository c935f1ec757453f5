import { KbuildError } from '../../errors/kbuild-error.js';

/**
 * What dkms would not read as it stands. dkms.conf is a bash program, and dkms writes each value
 * once more between double quotes, unquoted to `echo`, and reads that (safe_source, dkms(8)): what
 * is escaped the first time is bare the second, and blanks become one.
 */
const unreadable = [
  { what: 'a quotation mark', pattern: /"/ },
  { what: 'a backquote', pattern: /`/ },
  { what: 'a line break or another control character', pattern: /[\0-\x1f\x7f]/ },
  { what: 'several blanks in a row', pattern: / {2}|^ | $/ },
  { what: 'a $ that bash would expand', pattern: /\$[\w{(@*#?!$'-]/ },
  { what: 'an escape that bash would take away', pattern: /\\(["`$\\]|$)/ },
];

/** A value between double quotes in dkms.conf. @throws KbuildError DKMS_PACK_VALUE */
export function confValue(value: string, name: string): string {
  const found = unreadable.find(({ pattern }) => pattern.test(value));
  if (found === undefined) return value;
  throw new KbuildError(
    'DKMS_PACK_VALUE',
    `${name} is ${JSON.stringify(value)}: dkms cannot read ${found.what} in a value of dkms.conf`,
    'Set it in the Kbuild or Makefile of the sources, or choose a value without it.',
  );
}

/** A variable for make, as a word of the command in `MAKE`, which a shell reads. */
export function makeVariable(name: string, value: string): string {
  const checked = confValue(value, `the make variable ${name}`);
  if (/^[\w@%+=:,./-]*$/.test(checked)) return `${name}=${checked}`;
  if (/^[\w@%+=:,./ -]*$/.test(checked)) return `${name}='${checked}'`;
  throw new KbuildError(
    'DKMS_PACK_VALUE',
    `the make variable ${name} is ${JSON.stringify(value)}: a character of it would be read by the shell that dkms runs make with`,
    'Set it in the Kbuild or Makefile of the sources.',
  );
}
