import { KbuildError, throwIfInterrupted } from '../../../errors/kbuild-error.js';

/** Runs git, with what it reads on its standard input. Gives its standard output. */
export type Git = (args: string[], input?: string) => Promise<string>;

/** Neither hooks, nor a watcher, nor attributes of the machine. */
const config = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
];

/**
 * Nothing decides on what git does, and on which programs it runs, but what is said here: no
 * configuration of a user or the machine, no variable of a git that runs us as a hook. What is
 * missing is not fetched, and no object stands for another.
 */
const environment = {
  GIT_ATTR_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

/**
 * @param cwd where it runs
 * @param tree what messages name
 * @throws KbuildError KERNEL_SOURCE_GIT
 */
export function gitIn(
  cwd: string,
  tree: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Git {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return async (args, input = '') => {
    const { execa } = await import('execa');
    const options = config.flatMap((setting) => ['-c', setting]);
    const result = await execa('git', [...options, '-C', cwd, ...args], {
      env: { ...Object.fromEntries(inherited), ...environment, ...env },
      extendEnv: false,
      reject: false,
      input,
      cancelSignal: signal,
    });
    throwIfInterrupted(signal);
    if (!result.failed) return result.stdout;
    if (result.code === 'ENOENT') {
      throw gitError(
        `${tree} is a git tree, and there is no program 'git' on this machine`,
        "Install git, or give a tarball that 'git archive' made elsewhere.",
      );
    }
    const said = (result.stderr || (result.shortMessage ?? '')).split('\n', 3).join(' ');
    throw gitError(
      `the git tree ${tree} cannot be read: ${said}`,
      'Check the revision, and that the repository is whole (git fsck).',
    );
  };
}

export const gitError = (message: string, hint: string): KbuildError =>
  new KbuildError('KERNEL_SOURCE_GIT', message, hint);
