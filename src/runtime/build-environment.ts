/** Seconds since the epoch that stand for "now" where the environment gives no SOURCE_DATE_EPOCH. */
const defaultEpoch = '0';

/**
 * The environment of every build: what makes Kbuild's output depend on nothing but its inputs
 * (Documentation/kbuild/reproducible-builds.rst; reproducible-builds.org, SOURCE_DATE_EPOCH).
 */
export function buildEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const epoch = environment.SOURCE_DATE_EPOCH || defaultEpoch;
  return {
    HOME: '/tmp',
    KBUILD_BUILD_HOST: 'kbuild-ts',
    KBUILD_BUILD_TIMESTAMP: `@${epoch}`,
    KBUILD_BUILD_USER: 'kbuild-ts',
    LC_ALL: 'C',
    SOURCE_DATE_EPOCH: epoch,
    TZ: 'UTC',
  };
}
