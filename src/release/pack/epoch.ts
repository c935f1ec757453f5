/** 2000-01-01: packaging tools complain of files that are much older. */
const defaultEpoch = 946_684_800;

/**
 * The time of all that is in a package, in seconds since 1970: what the environment gives as
 * SOURCE_DATE_EPOCH (reproducible-builds.org), else one that is the same everywhere.
 */
export function packageEpoch(environment: NodeJS.ProcessEnv = process.env): number {
  const { SOURCE_DATE_EPOCH: given = '' } = environment;
  return /^\d{1,11}$/.test(given) ? Number(given) : defaultEpoch;
}
