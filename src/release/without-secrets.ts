/** What kbuild-ts itself is told in its environment, and no program that it starts needs. */
const secrets = ['KBUILD_SIGN_PIN', 'KBUILD_TS_GPG_PASSPHRASE'];

/** An environment without passphrases, for other programs. */
export const withoutSecrets = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !secrets.includes(name)));
