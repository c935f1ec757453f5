import { readFileSync } from 'node:fs';
import { gzip } from 'node:zlib';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { archByName, hostArch } from '../arch/arch.js';
import type { FinishedModule, JobResult } from '../engine/job-result.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Job } from '../plan/job.js';
import { defaultPackaging, type Packaging } from '../project/packaging.js';
import { withoutSignatures } from '../release/attached.js';
import { compressImage } from '../release/pack/pack-image.js';
import type { PackageRecipe } from '../release/pack/recipe.js';
import type { PackedModule } from '../release/pack/release-project.js';
import type { SignatureHash, Signer } from '../release/signer.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { runPackagers, runRecipes } from './run-packagers.js';
import type { Session } from './session.js';

/** Who signs the modules of a job; undefined if nobody does. */
export type SignerOf = (job: Job) => Signer | undefined;

/**
 * Makes of modules what is installed, in the order of modules_install (scripts/Makefile.modinst):
 * stripped, signed, compressed. The key is used on this machine, between two containers.
 * @returns the modules of each job, sorted by path
 * @throws KbuildError PACKAGE_FAILED, PACKAGE_MODULES, SIGN_*, ENGINE_*, IMAGE_*
 */
export async function finishModules(
  results: readonly JobResult[],
  signerOf: SignerOf,
  session: Session,
): Promise<Map<JobResult, PackedModule[]>> {
  const works = results.flatMap((result) => worksOf(result));
  await strip(
    works.filter(({ packaging }) => packaging.strip),
    session,
  );
  for (const work of works) await sign(work, signerOf);
  await compress(works, session);
  const finished = new Map<JobResult, PackedModule[]>(results.map((result) => [result, []]));
  for (const { result, name, path, suffix, plain, bytes } of works) {
    finished.get(result)?.push({ name, path: path + suffix, plain, bytes });
  }
  for (const modules of finished.values()) modules.sort((a, b) => (a.path < b.path ? -1 : 1));
  return finished;
}

/** A module on its way. */
interface Work {
  result: JobResult;
  packaging: Packaging;
  name: string;
  path: string;
  suffix: string;
  plain: Buffer;
  bytes: Buffer;
}

function worksOf(result: JobResult): Work[] {
  const packaging = result.job.source.project.packaging ?? defaultPackaging();
  const works = result.modules.map((module) => workOf(result, packaging, module));
  const names = works.map(({ path }) => path);
  const twice = names.find((path, i) => names.indexOf(path) !== i);
  if (twice === undefined) return works;
  throw new KbuildError(
    'PACKAGE_MODULES',
    `${result.job.id} has two modules that would be installed as ${twice}`,
    'The kernel tells modules by their names alone: rename one of them.',
  );
}

function workOf(result: JobResult, packaging: Packaging, { file, artifact }: FinishedModule): Work {
  const name = basename(artifact.path).replace(/\.ko(\.(gz|xz|zst))?$/, '');
  const plain = Buffer.from(withoutSignatures(readFileSync(file)));
  const path = `${packaging.directory}/${name}.ko`;
  return { result, packaging, name, path, suffix: '', plain, bytes: plain };
}

const counted = (modules: number): string => `${modules} module${modules === 1 ? '' : 's'}`;

/** By the binutils of the toolchain that built them, once for each toolchain. */
async function strip(works: readonly Work[], session: Session): Promise<void> {
  const byImage = new Map<string, Work[]>();
  for (const work of works) {
    const { image } = work.result.job;
    byImage.set(image, [...(byImage.get(image) ?? []), work]);
  }
  for (const group of byImage.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { toolchain, source } = first.result.job;
    const image = await session.toolchainImage(
      toolchainByName(toolchain),
      source.project.buildDeps,
    );
    const title = `strip ${counted(group.length)}`;
    const stripped = await runRecipes(group.map(stripRecipe), image.id, session, title);
    group.forEach((work, i) => (work.plain = Buffer.from(stripped[i]?.bytes ?? [])));
  }
}

const stripRecipe = ({ result, plain, name }: Work): PackageRecipe => ({
  name: `${name}.ko`,
  entries: [{ path: 'module.ko', content: plain, executable: false }],
  script: `exec ${stripProgram(result.job)} --strip-debug -o "$OUT" "$SRC/module.ko"`,
});

function stripProgram({ arch, toolchain }: Job): string {
  if (toolchainByName(toolchain).family === 'clang') return 'llvm-strip';
  return arch === hostArch().name ? 'strip' : `${archByName(arch).triple}-strip`;
}

/** With the hash that the project names, else the one that the kernel's own build uses. */
async function sign(work: Work, signerOf: SignerOf): Promise<void> {
  const { job } = work.result;
  const signer = signerOf(job);
  if (signer === undefined) return;
  const hash = signer.hash ?? ((job.kdir.signing.hash ?? 'sha512') as SignatureHash);
  work.plain = Buffer.from(await signer.sign(work.plain, hash));
}

/** What modules_install runs for each kind, and the suffix that modprobe looks for. */
const compressors = {
  gzip: { suffix: '.gz' },
  xz: { suffix: '.xz', script: 'xz --check=crc32 --lzma2=dict=1MiB -c' },
  zstd: { suffix: '.zst', script: 'zstd -q -c' },
} as const;

async function compress(works: readonly Work[], session: Session): Promise<void> {
  const recipes: { work: Work; recipe: PackageRecipe }[] = [];
  for (const work of works) {
    work.bytes = work.plain;
    const { compress: asked } = work.packaging;
    const kind = asked === 'auto' ? work.result.job.kdir.compression : asked;
    if (kind === 'none') continue;
    const compressor = compressors[kind];
    work.suffix = compressor.suffix;
    if (!('script' in compressor)) {
      work.bytes = await promisify(gzip)(work.plain, { level: 9 });
      continue;
    }
    const entries = [{ path: 'module.ko', content: work.plain, executable: false }];
    const script = `exec ${compressor.script} < "$SRC/module.ko" > "$OUT"`;
    recipes.push({ work, recipe: { name: `${work.name}.ko`, entries, script } });
  }
  const compressed = await runPackagers(
    recipes.map(({ recipe }) => recipe),
    compressImage,
    session,
    `compress ${counted(recipes.length)}`,
  );
  recipes.forEach(({ work }, i) => (work.bytes = Buffer.from(compressed[i]?.bytes ?? [])));
}
