/** What a command line and its environment want to be told to the runner of GitHub Actions. */
export interface GithubWanted {
  /** The output is read by the runner: nothing that others wrote may be a command in it. */
  isRead: boolean;
  /** Annotations and the step's summary are written. */
  annotates: boolean;
}

/** GitHub sets `GITHUB_ACTIONS` to `true` in every step; `--reporter` says otherwise. */
export function githubWanted(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): GithubWanted {
  const isGithub = environment.GITHUB_ACTIONS === 'true';
  const reporter = reporterOf(args);
  return {
    isRead: isGithub || reporter === 'github',
    annotates: reporter === 'github' || (isGithub && (reporter ?? 'auto') === 'auto'),
  };
}

/** As yargs will read it: errors of its own, too, are told in the way that is asked for. */
function reporterOf(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  const at = options.findIndex((arg) => /^--reporter(=|$)/.test(arg));
  return at === -1 ? undefined : (options[at]?.split('=', 2)[1] ?? options[at + 1]);
}
