import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KbuildError } from '../../../errors/kbuild-error.js';
import { prepare } from '../../../events/prepare.js';
import type { RunOutcome } from '../../../runtime/port.js';
import { makeDirectoryAtomic } from '../../../storage/atomic.js';
import { withLock } from '../../../storage/lock.js';
import { readBounded } from '../../../storage/read-bounded.js';
import { isSet, parseKernelConfig } from '../../config.js';
import { lstat } from '../../tree.js';
import type { ProviderContext } from '../port.js';
import { buildEnvironment } from '../../../runtime/build-environment.js';
import { BuildLog } from './build-log.js';
import { Complaints, runError } from './failure.js';
import { checkConfig } from './fragments.js';
import { claim, release } from '../../../storage/claim.js';
import { reapLeftovers } from '../../../storage/leftovers.js';
import type { KernelPlan } from './plan-kernel.js';
import { buildScript, configureScript, inputs, kdirPath } from './scripts.js';
import { hostPath, versionOf } from './source-tree.js';

/** What is noted of a kernel when it is finished. */
export interface KernelRecord {
  release: string;
  arch: string;
  toolchain: string;
  /** Path of the bootable image in the KDIR. */
  image?: string;
}

export const recordFile = 'kernel.json';

/** Where a kernel is kept: `root` stands for `/`, beside it lie the record and the log. */
export const kernelDirectory = (key: string, cache: string): string =>
  join(cache, 'kernels', 'source', key);

/** Configures and builds a kernel into the cache. Of several who want it at once, one does. */
export async function buildKernel(plan: KernelPlan, context: ProviderContext): Promise<void> {
  const { cache, signal } = context;
  const directory = kernelDirectory(plan.key, cache);
  await withLock(join(cache, 'locks', `kernel-${plan.key}`), signal, async () => {
    if (existsSync(join(directory, recordFile))) return; // another process was first
    await rm(directory, { recursive: true, force: true }); // somebody has removed parts of it
    const log = join(dirname(directory), 'logs', `${plan.key.slice(0, 12)}.log`);
    await mkdir(dirname(log), { recursive: true });
    await makeDirectoryAtomic(directory, async (temporary) => {
      await claim(temporary);
      const record = await build(plan, temporary, log, context);
      await writeFile(join(temporary, recordFile), JSON.stringify(record, null, 2));
      await rename(log, join(temporary, 'build.log'));
      await reapLeftovers(dirname(directory)); // containers of killed runs are gone by now
      await release(temporary);
    });
  });
}

async function build(
  plan: KernelPlan,
  temporary: string,
  log: string,
  context: ProviderContext,
): Promise<KernelRecord> {
  const { key, description, arch, tree, toolchain, fragments, config, variables } = plan;
  const what = `linux-${versionOf(tree) ?? ''} for ${arch.name} (${toolchain.name})`;
  const paths = { source: tree.path, kdir: kdirPath(key) };
  const kdir = join(temporary, 'root', paths.kdir);
  await mkdir(kdir, { recursive: true });
  await chmod(kdir, 0o755); // whatever the umask: builds of modules run as another user
  const texts = join(context.scratch, `inputs-${key.slice(0, 12)}`);
  const names = fragments.map((_, i) => `fragment-${i}`);
  await writeInputs(texts, [
    ...fragments.map(({ text }, i) => [names[i] ?? '', text] as const),
    ...(config === undefined ? [] : [['config', config] as const]),
  ]);

  return prepare(context.emit, `kernel ${what}`, async (onLine) => {
    const file = new BuildLog(log);
    const run = async (script: string, failed: string): Promise<RunOutcome> => {
      const complaints = new Complaints();
      const outcome = await toolchain.run({
        title: `kernel ${what}`,
        script,
        mounts: [
          { source: hostPath(tree), target: paths.source },
          { source: kdir, target: paths.kdir, writable: true },
          { source: texts, target: inputs },
        ],
        env: buildEnvironment(),
        onLine: (line) => {
          file.add(line);
          complaints.add(line);
          onLine(line);
        },
      });
      file.check(); // a full disk is why it failed, or will be why the next does
      if (outcome.end === 'exited' && outcome.exitCode === 0) return outcome;
      throw runError(outcome, complaints, failed, log);
    };
    try {
      await run(
        configureScript(description, names, paths, variables),
        `${what} could not be configured`,
      );
      const configured = readOwn(kdir, '.config');
      checkConfig(fragments, configured, what);
      refuseWithoutModules(configured, what);
      const { stdout } = await run(
        buildScript(description.build, paths, variables),
        `${what} could not be built`,
      );
      const image = stdout.toString().trim().split('\n').at(-1);
      return {
        release: releaseIn(readOwn(kdir, 'include/generated/utsrelease.h')),
        arch: arch.name,
        toolchain: toolchain.name,
        ...(image && { image }),
      };
    } finally {
      file.close();
      await rm(texts, { recursive: true, force: true });
    }
  });
}

async function writeInputs(
  directory: string,
  files: (readonly [name: string, text: string])[],
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, text] of files) await writeFile(join(directory, name), text);
}

/** Reads what the build wrote; it is not trusted to have written no link to elsewhere. */
function readOwn(kdir: string, name: string): string {
  const path = join(kdir, name);
  if (lstat(path)?.isFile()) return readBounded(path).toString();
  throw new KbuildError(
    'KERNEL_SOURCE_BUILD_FAILED',
    `the build of the kernel gave no ${name}`,
    'Is it the source of a Linux kernel? Its top Makefile must know the targets of one.',
  );
}

function refuseWithoutModules(config: string, what: string): void {
  if (isSet(parseKernelConfig(config), 'CONFIG_MODULES')) return;
  throw new KbuildError(
    'KDIR_MODULES_DISABLED',
    `${what} is configured without CONFIG_MODULES: it could load no module`,
    'Ask for it in the description: set: { MODULES: y }. (tinyconfig and allnoconfig leave it out.)',
  );
}

const releaseIn = (header: string): string => /UTS_RELEASE "(.*)"/.exec(header)?.[1] ?? '';
