/**
 * The user that builds run as: one that no machine has, since limits on processes count by user.
 * Sources and KDIR are readable by all.
 */
export const buildUser = '65000:65000';
