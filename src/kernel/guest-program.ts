import { readFolder } from '../data/folder.js';

/** A program that guests run, as `toolchains/guest/<name>.yaml` describes it. */
export interface GuestProgram {
  name: string;
  /** The apt repository that has it for every arch: `debian:bookworm`. */
  repository: string;
  /** The package that holds it. */
  package: string;
  /** Where it lies in the package. */
  path: string;
}

let loaded: GuestProgram[] | undefined;

/** All programs of `toolchains/guest/`. */
export function allGuestPrograms(): GuestProgram[] {
  return (loaded ??= readFolder<GuestProgram>('toolchains/guest'));
}
