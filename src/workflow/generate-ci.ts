import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { outputFailed } from '../artifact/check-output.js';
import { packageVersion } from '../data/package-root.js';
import { renderTemplate } from '../data/template.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { generatedMark } from '../project/generated-mark.js';
import { loadProjects } from '../project/load-projects.js';
import { realPath } from '../project/real-path.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { ciMatrix, oneWord } from './ci-matrix.js';
import type { GeneratedFile } from './generate.js';
import { repositoryRoot } from './report-files.js';

export const ciProviders = ['github', 'gitlab'] as const;
export type CiProvider = (typeof ciProviders)[number];

/** Where each looks for its file, relative to the repository's root, and what it would expand in a text. */
const providers: Record<CiProvider, { path: string; literal: (text: string) => string }> = {
  github: {
    path: '.github/workflows/kbuild-ts.yml',
    literal: (text) => text.replaceAll('${{', "${{ '${{' }}"),
  },
  gitlab: { path: '.gitlab-ci.yml', literal: (text) => text.replaceAll('$', () => '$$') },
};

export interface GenerateCiRequest {
  provider: CiProvider;
  /** A project or a workspace. */
  directory: string;
  /** The file to write; default: where the provider looks for it. */
  output?: string | undefined;
  dryRun: boolean;
  /** Write over what is there, whoever wrote it. */
  force: boolean;
}

/**
 * Writes a workflow that builds a project, or all of a workspace, for the kernels and architectures of its
 * configuration, and makes its release when a tag is pushed.
 * @throws KbuildError PROJECT_FILE_EXISTS for a file that is not as it was written
 */
export async function generateCi(request: GenerateCiRequest): Promise<GeneratedFile> {
  const directory = realPath(resolve(request.directory));
  const root = repositoryRoot(directory) ?? directory;
  const place = oneWord(relative(root, directory) || '.');
  const { requested } = await loadProjects(directory);
  const { path, literal } = providers[request.provider];
  const text = marked(
    renderTemplate(`ci/${request.provider}.yml.eta`, {
      version: packageVersion(),
      directory: place,
      matrix: ciMatrix([...requested], place, root),
      // JSON's texts are YAML's.
      text: (value: string) => JSON.stringify(literal(value)),
    }),
  );
  const file = {
    path: request.output === undefined ? join(root, path) : resolve(request.output),
    text,
  };
  if (request.dryRun) return file;
  if (!request.force) checkOurs(file.path);
  await writeFileAtomic(file.path, text).catch((error: unknown) => {
    throw outputFailed(file.path, error);
  });
  return file;
}

const lineOf = (body: string): string => {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return `${generatedMark} (${digest}): 'kbuild-ts generate ci' writes it anew while it is unchanged.\n`;
};

const marked = (body: string): string => `${lineOf(body)}${body}`;

/** What was changed since it was written is its user's. */
function checkOurs(path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw outputFailed(path, error);
  }
  const end = text.indexOf('\n') + 1;
  if (text.slice(0, end) === lineOf(text.slice(end))) return;
  throw new KbuildError(
    'PROJECT_FILE_EXISTS',
    `${path} is there already: 'generate ci' did not write it, or it was changed since`,
    'Name another file with --out, see with --stdout what it would be, or write over it with --force.',
  );
}
