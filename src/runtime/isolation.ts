/** The user that builds run as; sources and KDIR are readable by all, the scratch space is its own. */
export const buildUser = '1000:1000';
