/**
 * Users that no machine gives to anybody: below them lie those of systemd's DynamicUser, above them
 * nobody. (A rootless engine knows no higher ones.) Limits on processes count by user.
 */
const users = { first: 65520, count: 14 };

/** The user of a build that is made again by hand. */
export const buildUser = userOf(0);

let next = Math.floor(Math.random() * users.count);

/**
 * The user that a build runs as: one of its own, so that it cannot use up the processes of those that
 * run beside it, of this run or another. Sources and KDIR are readable by all.
 */
export function nextBuildUser(): string {
  next = (next + 1) % users.count;
  return userOf(next);
}

function userOf(index: number): string {
  const id = users.first + index;
  return `${id}:${id}`;
}
