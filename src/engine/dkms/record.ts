import { KbuildError } from '../../errors/kbuild-error.js';
import { printable } from '../../errors/printable.js';

/** One module of a dkms.conf. */
export interface DkmsModule {
  /** BUILT_MODULE_NAME: what the build makes, and what the module calls itself. */
  built: string;
  /** BUILT_MODULE_LOCATION, with a `/` at its end; empty for the source's own directory. */
  location: string;
  /** DEST_MODULE_NAME: what it is installed as. */
  dest: string;
  /** DEST_MODULE_LOCATION. */
  target: string;
  strip: boolean;
  /** The rule that keeps this module alone from being built for the kernel. */
  excluded?: string;
}

/** What a dkms.conf means for one kernel. */
export interface DkmsMeaning {
  name: string;
  version: string;
  modules: DkmsModule[];
  /** The command that is run, in the paths of the container. */
  make: string;
  patches: string[];
  buildDepends: string[];
  /** PRE_BUILD, POST_BUILD and so on, as they are written. */
  hooks: Record<string, string>;
  /** It was built without the debug information that strip would have removed. */
  withoutDebugInformation: boolean;
  autoinstall: boolean;
  noWeakModules: boolean;
  /** The rule that keeps the source from being built for the kernel. */
  excluded?: string;
  /** Files that overlay dkms.conf, in order. */
  overlays: string[];
  warnings: string[];
  /** What is wrong with dkms.conf: nothing is built then. */
  problems: string[];
}

/** How the driver ended (templates/dkms/driver.bash). */
export type DkmsEnd =
  | 'shown'
  | 'built'
  | 'excluded'
  | 'invalid'
  | 'empty'
  | 'dependency'
  | 'patch-path'
  | 'patch-missing'
  | 'patch-failed'
  | 'hook'
  | 'make'
  | 'missing'
  | 'disk';

export interface DkmsRecord {
  meaning: DkmsMeaning;
  /** Undefined if the driver did not come to its end. */
  end?: DkmsEnd;
  detail?: string;
}

const ends: ReadonlySet<string> = new Set<DkmsEnd>([
  ...(['shown', 'built', 'excluded', 'invalid', 'empty', 'dependency', 'patch-path'] as const),
  ...(['patch-missing', 'patch-failed', 'hook', 'make', 'missing', 'disk'] as const),
]);

const hookNames = /^(PRE|POST)_(BUILD|ADD|INSTALL|REMOVE)$/;

/**
 * Reads the record that the driver writes. A build is untrusted code and may have written it: nothing
 * of it is more than a claim, and control characters do not get through.
 * @throws KbuildError VERIFY_FAILED for one that the driver cannot have written
 */
export function readDkmsRecord(bytes: Uint8Array): DkmsRecord {
  if (bytes.length > longest) throw strange(`${bytes.length} bytes`);
  const fields = Buffer.from(bytes).toString('utf8').split('\0');
  const meaning: DkmsMeaning = {
    ...{ name: '', version: '', modules: [], make: '', patches: [], buildDepends: [], hooks: {} },
    ...{ autoinstall: false, noWeakModules: false, withoutDebugInformation: false },
    ...{ overlays: [], warnings: [], problems: [] },
  };
  const record: DkmsRecord = { meaning };
  for (let i = 0; i + 1 < fields.length; i += 2) {
    take(record, fields[i] ?? '', printable(fields[i + 1] ?? ''));
  }
  return record;
}

function take(record: DkmsRecord, key: string, value: string): void {
  const { meaning } = record;
  const module = meaning.modules.at(-1);
  if (key === 'name') meaning.name = value;
  else if (key === 'version') meaning.version = value;
  else if (key === 'module') {
    meaning.modules.push({ built: value, location: '', dest: value, target: '', strip: true });
  } else if (key === 'location' && module) module.location = value;
  else if (key === 'dest' && module) module.dest = value;
  else if (key === 'target' && module) module.target = value;
  else if (key === 'strip' && module) module.strip = value === 'yes';
  else if (key === 'excluded' && module) {
    if (value !== '') module.excluded = value;
  } else if (key === 'make') meaning.make = value;
  else if (key === 'patch') meaning.patches.push(value);
  else if (key === 'depends') meaning.buildDepends.push(value);
  else if (key === 'overlay') meaning.overlays.push(value);
  else if (key === 'warning') meaning.warnings.push(value);
  else if (key === 'problem') meaning.problems.push(value);
  else if (key === 'no-debug-information') meaning.withoutDebugInformation = true;
  else if (key === 'autoinstall') meaning.autoinstall = true;
  else if (key === 'no-weak-modules') meaning.noWeakModules = true;
  else if (key === 'rule') {
    if (value !== '') meaning.excluded = value;
  } else if (key === 'end' && ends.has(value)) record.end = value as DkmsEnd;
  else if (key === 'detail') record.detail = value;
  else if (hookNames.test(key)) meaning.hooks[key] = value;
  else throw strange(key);
}

/** What is told of a dkms.conf is some kilobytes. */
const longest = 2 ** 20;

/**
 * The modules that a record says were built.
 * @throws KbuildError VERIFY_FAILED for names that the driver would have refused
 */
export function builtModules({ meaning, end }: DkmsRecord): DkmsModule[] {
  if (end !== 'built') return [];
  const built = meaning.modules.filter(({ excluded }) => excluded === undefined);
  const names = new Set<string>();
  for (const { dest, built: own } of built) {
    for (const name of [dest, own]) if (!moduleName.test(name)) throw strange(`module ${name}`);
    if (names.has(dest)) throw strange(`module ${dest} twice`);
    names.add(dest);
  }
  return built;
}

/** As templates/dkms/driver.bash has it. */
const moduleName = /^[A-Za-z0-9_][\w+.,~-]*$/;

/** An error for what only a build that meddles with its record can have written. */
export const strange = (what: string): KbuildError =>
  new KbuildError(
    'VERIFY_FAILED',
    `what the build says of itself holds '${printable(what).slice(0, 60)}', which kbuild-ts does not write`,
    'Only a hostile build writes such a thing. Nothing of it was kept: look into its dkms.conf and Makefiles.',
  );
