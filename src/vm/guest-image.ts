import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../data/package-root.js';
import { decompressModule } from '../module/compression/decompress.js';
import { shellQuote } from '../runtime/shell.js';
import { cpioArchive, type CpioEntry } from './cpio.js';
import { fatalTaints } from './fatal-taints.js';
import { loadWords, moduleNumbers, requestScript } from './request-script.js';
import { guestModules, type TestCase } from './test-case.js';

/** What a guest is made of, besides its kernel. */
export interface GuestContent {
  cases: readonly TestCase[];
  /** BusyBox, static, for the guest's arch: a file of this machine. */
  busybox: string;
  /** What init's words begin with, so that nothing else is taken for one. */
  nonce: string;
}

const directories = ['bin', 'dev', 'proc', 'run', 'sys', 'modules', 'requests', 'scripts'];

const programs = join(packageRoot, 'templates/vm');

/** The initramfs of a guest: BusyBox, our init, the modules and what is to be done with them. */
export async function guestImage({ cases, busybox, nonce }: GuestContent): Promise<Buffer> {
  const files = [...new Set(cases.flatMap((one) => guestModules(one).map(({ file }) => file)))];
  const place = new Map(files.map((file, i) => [file, `modules/${i}.ko`]));
  const modules = await Promise.all(files.map((file) => readModuleFile(file)));
  return cpioArchive([
    ...directories.map((path) => ({ path, kind: 'directory', permissions: 0o755 }) as const),
    device('dev/console', 5, 1),
    device('dev/null', 1, 3),
    device('dev/kmsg', 1, 11),
    file('bin/busybox', await readFile(busybox), 0o755),
    file('init', readFileSync(join(programs, 'init')), 0o755),
    file('bin/kt-modprobe', readFileSync(join(programs, 'modprobe')), 0o755),
    file('plan', Buffer.from(plan(cases, nonce, place))),
    ...cases.map((one, i) => file(`requests/${i}`, Buffer.from(requestScript(one, nonce, place)))),
    ...files.map((path, i) => file(place.get(path) ?? '', modules[i] ?? Buffer.alloc(0))),
    ...cases.flatMap(({ script }, i) =>
      script === undefined ? [] : [file(scriptPlace(i), Buffer.from(script))],
    ),
  ]);
}

const scriptPlace = (number: number): string => `scripts/${number}`;

async function readModuleFile(path: string): Promise<Uint8Array> {
  return await decompressModule(await readFile(path));
}

const file = (path: string, content: Uint8Array, permissions = 0o644): CpioEntry => ({
  path,
  kind: 'file',
  permissions,
  content,
});

const device = (path: string, major: number, minor: number): CpioEntry => ({
  path,
  kind: 'character device',
  permissions: 0o600,
  major,
  minor,
});

/** What init sources: a function for each case, and one that calls them in order. */
function plan(
  cases: readonly TestCase[],
  nonce: string,
  place: ReadonlyMap<string, string>,
): string {
  const bodies = cases.map((testCase, number) => {
    const numbers = moduleNumbers(testCase);
    const lines = testCase.loads.map((load) => `kt_load ${loadWords(load, numbers, place)}`);
    if (testCase.script !== undefined) lines.push(`kt_script /${scriptPlace(number)}`);
    lines.push('kt_unload');
    return `case_${number}() {\n${lines.join('\n')}\n}`;
  });
  const calls = cases.map(({ repeat, timeoutMs }, number) => {
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    return `kt_case ${number} ${repeat} ${seconds} case_${number}`;
  });
  const settings = `kt_nonce=${shellQuote(nonce)} kt_fatal=${fatalTaints}`;
  return `${[settings, ...bodies, `kt_main() {\n${calls.join('\n')}\n}`].join('\n')}\n`;
}
