import { dirname } from 'node:path';
import { shellQuote } from '../../src/runtime/shell.js';
import type { ContainerMount, DkmsContainer } from './dkms-container.js';

/** Where scripts in the container find the packages. */
export const debMount = (debs: ReadonlyMap<string, string>): ContainerMount => {
  const [first = ''] = debs.values();
  return { source: dirname(first), target: '/debs' };
};

/**
 * Bash: unpacks the packages, and tells dkms of each source. (An installation of the packages would
 * build them at once.)
 */
export const addToDkms = (debs: ReadonlyMap<string, string>): string =>
  [...debs.values()]
    .map((deb) => `dpkg-deb -x ${shellQuote(deb.replace(/^.*\//, '/debs/'))} /unpacked`)
    .concat(
      'cp -a /unpacked/usr/src/. /usr/src/',
      'for tree in /unpacked/usr/src/*; do dkms add "/usr/src/${tree##*/}"; done',
    )
    .join(' &&\n');

/** Bash: builds all that dkms knows of, one after the other; ends well if all of it was built. */
export const buildWithDkms = `failed=0
for tree in /var/lib/dkms/*/*/source; do
  version=\${tree%/source} name=\${version%/*}
  dkms build -m "\${name##*/}" -v "\${version##*/}" -k "$KERNEL" || failed=1
done
[ $failed = 0 ]`;

/**
 * What kmod and binutils say of a module: nothing here is read by kbuild-ts.
 */
export interface ModuleFacts {
  vermagic: string;
  /** Undefined symbols, as nm reads them. */
  undefined: string[];
  /** `CRC symbol` of what it imports, as modprobe reads it. */
  imports: string[];
  /** `CRC symbol` of what it exports, as modprobe reads it. */
  exports: string[];
  /** Names of sections, as readelf reads them. */
  sections: string[];
}

/** Bash: prints the facts of every module below directories, a line each: its path, a field, a value. */
const tellFacts = `set -eu -o pipefail
tell() { while IFS= read -r line; do printf '%s\\t%s\\t%s\\n' "$1" "$2" "$line"; done; }
find "$@" -name '*.ko' | sort | while IFS= read -r ko; do
  modinfo -F vermagic "$ko" | tell "$ko" vermagic
  nm --undefined-only --format=just-symbols "$ko" | sort | tell "$ko" undefined
  modprobe --dump-modversions "$ko" | tr '\\t' ' ' | sort | tell "$ko" imports
  # It fails for a module that exports nothing.
  { modprobe --show-exports "$ko" || [ $? = 1 ]; } | tr '\\t' ' ' | sort | tell "$ko" exports
  readelf -SW "$ko" | sed -n 's/^ *\\[ *[0-9]*\\] \\(\\.*[^ ]*\\) .*/\\1/p' | sort | tell "$ko" sections
done`;

/** The facts of all modules below a directory, by their paths in it. */
export async function moduleFacts(
  directory: string,
  container: DkmsContainer,
): Promise<Map<string, ModuleFacts>> {
  const mounts = [{ source: directory, target: '/modules' }];
  const script = `set -- /modules\n${tellFacts}`;
  const { exitCode, stdout, stderr } = await container.run(script, { mounts });
  if (exitCode !== 0) throw new Error(`the modules cannot be read: ${stderr}`);
  const facts = new Map<string, ModuleFacts>();
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [path = '', field = '', value = ''] = line.split('\t');
    const name = path.replace(/^\/modules\//, '');
    const of = facts.get(name) ?? none();
    facts.set(name, of);
    if (field === 'vermagic') of.vermagic = value;
    else of[field as Exclude<keyof ModuleFacts, 'vermagic'>].push(value);
  }
  return facts;
}

const none = (): ModuleFacts => ({
  vermagic: '',
  undefined: [],
  imports: [],
  exports: [],
  sections: [],
});
