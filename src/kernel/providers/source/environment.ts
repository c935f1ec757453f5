/**
 * The environment that kernels are made in: what makes Kbuild's output depend on nothing but its
 * inputs (Documentation/kbuild/reproducible-builds.rst). The same as plan/environment's, for
 * modules; that room comes after this one.
 */
export function kernelEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const epoch = environment.SOURCE_DATE_EPOCH || '0';
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
