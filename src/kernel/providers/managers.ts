import type { Repository } from '../repository.js';
import { aptManager } from './apt/apt.js';
import { dnfManager } from './dnf/dnf.js';
import type { PackageManager } from './package-manager.js';

/** Every manager that a repository may name: one without an adapter does not compile. */
const managers: {
  [M in Repository['manager']]: PackageManager<Extract<Repository, { manager: M }>>;
} = {
  apt: aptManager,
  dnf: dnfManager,
};

/** What fetches from a repository. */
export const managerOf = ({ manager }: Repository): PackageManager => managers[manager];
