import type { Manifest } from '../../artifact/manifest-schema.js';
import { releaseRecordName } from '../../artifact/release-schema.js';
import type { ReleaseFile, UnpackedModule } from '../pack/format.js';
import type { ReleaseProject } from '../pack/release-project.js';
import type { Signer } from '../signer.js';
import { checksums } from './checksums.js';
import { signedEnvelope, statementType } from './dsse.js';
import { provenance } from './provenance.js';
import { releaseRecord } from './release-record.js';
import { sbom } from './sbom.js';

export interface EvidenceInput {
  /** True: say what all of it was made of, too; false: checksums alone. */
  attested: boolean;
  /** Of the build, with what its tests gave. */
  manifest: Manifest;
  projects: readonly ReleaseProject[];
  /** The files of the release. */
  files: readonly ReleaseFile[];
  /** What was read back out of them. */
  unpacked: readonly UnpackedModule[];
  formats: readonly string[];
  /** Seconds since 1970: the time of all that is in the release. */
  epoch: number;
  /** Signs the evidence, if anyone does. */
  signer?: Signer | undefined;
}

/**
 * The files by which customers can tell what a release is made of, and that it is whole: the record, an
 * SBOM, the provenance, checksums of all, signatures over these. Of the same release they are the same
 * bytes, but for signatures by ECDSA, which are random.
 * @throws KbuildError SIGN_KEY, SIGN_PKCS11
 */
export async function evidence(input: EvidenceInput): Promise<ReleaseFile[]> {
  const { attested, files, signer } = input;
  const made = [
    ...(attested ? await attestation(input) : []),
    ...(signer === undefined ? [] : [textFile('certificate.pem', signer.certificate.toString())]),
  ];
  const sums = textFile('SHA256SUMS', checksums([...files, ...made]));
  if (signer === undefined) return [...made, sums];
  const signature = await signer.signDetached(sums.bytes, 'sha256');
  return [...made, sums, { path: 'SHA256SUMS.p7s', bytes: signature }];
}

async function attestation(input: EvidenceInput): Promise<ReleaseFile[]> {
  const { projects, unpacked, signer } = input;
  const record = releaseRecord({ ...input, certificate: signer?.certificate });
  const statement = JSON.stringify(provenance(record), null, 2);
  return [
    textFile(releaseRecordName, `${JSON.stringify(record, null, 2)}\n`),
    textFile('sbom.cdx.json', await sbom({ record, projects, unpacked })),
    signer === undefined
      ? textFile('provenance.json', `${statement}\n`)
      : textFile(
          'provenance.intoto.jsonl',
          await signedEnvelope(statementType, Buffer.from(statement), signer),
        ),
  ];
}

const textFile = (path: string, text: string): ReleaseFile => ({ path, bytes: Buffer.from(text) });
