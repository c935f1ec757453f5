import type { FormatName } from '../release/pack/formats.js';
import type { PushRequest } from './push-images.js';
import type { TestRequest } from './test.js';

/** What to build, and what to make of it for customers. */
export interface ReleaseRequest extends TestRequest {
  formats: readonly FormatName[];
  /** In place of the projects' own versions. */
  version?: string;
  /** Where the release goes; default: this name in the output directory of the first project. */
  place: { path: string } | { name: string };
  /** Try the modules, as they are packaged, in their kernels. */
  tested: boolean;
  /** Say in files of the release what it was made of (docs/provenance.md); else checksums alone. */
  attested: boolean;
  /** Make repositories of the packages too. */
  repository?: RepositoryRequest;
  /** A secret OpenPGP key that signs rpms and repositories. Absolute. */
  gpgKey?: string;
  /** Push the images of the format `oci`. */
  push?: PushRequest;
}

export interface RepositoryRequest {
  /** Default: the name of the first project's packages. */
  name?: string;
  /** Where customers find the release's directory. */
  url?: string;
}
