import type { X509Certificate } from 'node:crypto';
import type { JobResult } from '../engine/job-result.js';
import type { Job } from '../plan/job.js';
import type { Signing } from '../project/project.js';
import { checkValidity } from '../release/certificate-validity.js';
import { readCertificate } from '../release/certificate.js';
import { createSigner, type Signer } from '../release/signer.js';

/** The keys of a release, each opened once. */
export class ReleaseSigners {
  readonly #known = new Map<Signing, Signer>();

  /** @throws KbuildError SIGN_KEY, also where its certificate is not valid now; SIGN_PKCS11 */
  async open(signing: Signing): Promise<Signer> {
    checkValidity(readCertificate(signing.cert), signing.cert);
    const signer = this.#known.get(signing) ?? (await createSigner(signing));
    this.#known.set(signing, signer);
    return signer;
  }

  /** Who signs the modules of a job. */
  readonly of = ({ source }: Job): Signer | undefined =>
    source.project.signing && this.#known.get(source.project.signing);

  /** Of several keys, that of the first project that has one signs for all of them. */
  firstOf(results: readonly JobResult[]): Signer | undefined {
    return results.map(({ job }) => this.of(job)).find((signer) => signer !== undefined);
  }

  /** What the modules of a job are verified with. */
  certificatesOf({ source }: Job): X509Certificate[] {
    const { signing } = source.project;
    return signing === undefined ? [] : [readCertificate(signing.cert)];
  }
}
