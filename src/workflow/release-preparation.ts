import { join } from 'node:path';
import type { Project } from '../project/project.js';
import type { SourcePackage } from '../release/dkms/source-package.js';
import { formats } from '../release/pack/formats.js';
import type { OpenPgpSigner } from '../release/repository/openpgp-signer.js';
import { registryAddress } from '../release/registry/address.js';
import { chooseCases } from './choose-cases.js';
import { dkmsSources } from './dkms-sources.js';
import { checkReleasePlace } from './release-place.js';
import { checkPackageNames, packageName, packageVersion } from './release-projects.js';
import type { ReleaseRequest } from './release-request.js';
import type { ReleaseSigners } from './release-signers.js';
import type { Session } from './session.js';

/** What is found out of a release before anything is built for it: a mistake costs no build. */
export class ReleasePreparation {
  /** Of projects that are packaged for dkms too. */
  readonly sources = new Map<Project, SourcePackage>();
  tests: ReturnType<typeof chooseCases> = new Map();
  /** Signs rpms and repositories, where a key was given. */
  repositorySigner: OpenPgpSigner | undefined;
  /** Where the release goes. */
  path = '';

  constructor(
    readonly request: ReleaseRequest,
    readonly signers: ReleaseSigners,
    readonly session: Session,
  ) {}

  /**
   * @throws KbuildError RELEASE_OUTPUT, STORAGE_FAILED, SIGN_*, REPOSITORY_KEY, USAGE, PACKAGE_*,
   *   DKMS_PACK_*
   */
  async look(projects: readonly Project[]): Promise<void> {
    const { place, gpgKey, push, tested, cases } = this.request;
    this.path = 'path' in place ? place.path : join(projects[0]?.output ?? '', place.name);
    await checkReleasePlace(
      this.path,
      projects.map(({ output }) => output),
    );
    if (push !== undefined) registryAddress(push.to);
    for (const { signing } of projects) if (signing !== undefined) await this.signers.open(signing);
    if (gpgKey !== undefined) {
      const { openPgpSigner } = await import('../release/repository/openpgp-signer.js');
      this.repositorySigner = await openPgpSigner(gpgKey, process.env);
      if (this.request.formats.some((name) => name === 'rpm' || name === 'dkms')) {
        const { checkRpmSigner } = await import('../release/pack/rpm/sign-rpm.js');
        await checkRpmSigner(this.repositorySigner);
      }
    }
    checkPackageNames(projects);
    for (const project of projects) await this.#lookAt(project);
    if (tested) this.tests = chooseCases(projects, cases);
  }

  async #lookAt(project: Project): Promise<void> {
    const { formats: asked, version } = this.request;
    const packaged = packageName(project);
    for (const name of asked) (await formats[name]()).checkName?.(packaged);
    // What a dkms.conf says is known when it was evaluated.
    if (project.method.kind !== 'dkms') {
      const known = packageVersion(project, version);
      for (const name of asked) (await formats[name]()).checkVersion?.(known);
    }
    if (!asked.includes('dkms')) return;
    const excluded = [project.output, this.session.cache];
    const [packed] = await dkmsSources(project.directory, {
      ...{ version, excluded, secrets: this.request.secrets, signing: project.signing },
    });
    if (packed !== undefined) this.sources.set(project, packed);
  }
}
