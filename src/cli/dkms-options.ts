import { resolve } from 'node:path';
import type { Options } from 'yargs';
import { KbuildError } from '../errors/kbuild-error.js';
import type { DkmsOptions } from '../project/dkms/settings.js';

const several = (describe: string) =>
  ({ type: 'string', array: true, requiresArg: true, describe }) as const;

/** How DKMS sources are read. */
export const dkmsOptions = {
  with: several('DKMS: source tree or archive that the source needs beside it in /usr/src'),
  directive: several('DKMS: directive that counts for more than dkms.conf, as NAME=value'),
  overlay: {
    string: true,
    requiresArg: true,
    describe: 'DKMS: directory with overlays of dkms.conf, in place of /etc/dkms',
  },
} as const satisfies Record<string, Options>;

interface DkmsArguments {
  with?: string[] | undefined;
  directive?: string[] | undefined;
  overlay?: string | undefined;
}

/** @throws KbuildError USAGE for what is no directive */
export function dkmsRequest({ with: trees, directive, overlay }: DkmsArguments): DkmsOptions {
  return {
    directives: (directive ?? []).map(checkedDirective),
    with: (trees ?? []).map((path) => resolve(path)),
    ...(overlay !== undefined && { overlay: resolve(overlay) }),
  };
}

function checkedDirective(text: string): string {
  if (/^[A-Z][A-Z_]*(\[\d{1,4}\])?=/.test(text)) return text;
  throw new KbuildError(
    'USAGE',
    `--directive ${text}: not a directive of dkms.conf`,
    "Write it as NAME=value, for example --directive 'STRIP=no' or --directive 'STRIP[1]=no'.",
  );
}
