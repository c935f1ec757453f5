import { hash } from 'node:crypto';
import type { Artifact } from '../manifest-schema.js';
import { compareModinfo, compareModules } from './compare-modules.js';
import { firstDifference } from './first-difference.js';
import type { ModuleSigner } from '../../module/signer-claim.js';
import { moduleContent, type ModuleContent } from './module-content.js';
import type { RecordedArtifact } from './read-manifest.js';
import type { Comparison, Difference } from './report-schema.js';

/** A module as it was recorded, and as it was built anew. */
export interface ArtifactPair {
  recorded: RecordedArtifact;
  rebuilt: Pick<Artifact, 'sha256' | 'size' | 'modinfo' | 'signature'> & { bytes: Uint8Array };
  /** The file beside the manifest, if it is there. */
  published?: Uint8Array | undefined;
}

/**
 * Whether a module that was built anew is the one that a manifest records, and where it is not. The
 * file beside the manifest is held against both: one that is not what was recorded differs.
 */
export async function compareArtifact(pair: ArtifactPair): Promise<Comparison> {
  const { recorded, rebuilt, published: file } = pair;
  const now = await moduleContent(rebuilt.bytes);
  const was = file && (await moduleContent(file));
  const published = publishedAs(recorded, was);
  const known = { path: recorded.path, published, was: recorded.sha256, now: rebuilt.sha256 };
  if (published !== 'altered' && recorded.sha256 === rebuilt.sha256) {
    return { ...known, verdict: 'equal', except: [], differences: [] };
  }
  const { same, except, differences } =
    was === undefined ? againstRecord(pair, now) : againstFile(was, now, published === 'altered');
  const first = was && firstByte(was, now, except);
  return {
    ...known,
    verdict: same && published !== 'altered' ? 'equal-content' : 'differs',
    except,
    ...(first !== undefined && { firstByte: first }),
    differences,
  };
}

function publishedAs(
  { sha256: recorded }: RecordedArtifact,
  file: ModuleContent | undefined,
): NonNullable<Comparison['published']> {
  if (file === undefined) return 'absent';
  // It may have been compressed since.
  return [file.bytes, file.plain].some((bytes) => sha256(bytes) === recorded)
    ? 'as-recorded'
    : 'altered';
}

interface Findings {
  /** All is equal that can be. */
  same: boolean;
  except: Comparison['except'];
  differences: Difference[];
}

/** Two modules that are both there. */
function againstFile(was: ModuleContent, now: ModuleContent, isAltered: boolean): Findings {
  const except: Comparison['except'] = was.compression === 'none' ? [] : ['compression'];
  const differences = compareModules(was.content, now.content);
  if (differences.length > 0) {
    const unsigned = was.signer !== undefined && now.signer === undefined;
    return { same: false, except: unsigned ? [...except, 'unsigned'] : except, differences };
  }
  if (isEqual(was.plain, now.plain)) return { same: true, except, differences };
  const signatures = compareSignatures(was.signer ?? null, now.signer, isAltered);
  return { ...signatures, except: [...except, ...signatures.except] };
}

/** Of the module that was, there is what the manifest says of it. */
function againstRecord(pair: ArtifactPair, now: ModuleContent): Findings {
  const { recorded, rebuilt } = pair;
  const { signature, size } = recorded;
  const content = signature === null ? recorded.sha256 : recorded.contentSha256;
  if (content === sha256(now.content)) return compareSignatures(signature, now.signer, false);
  const unsigned = signature !== null && now.signer === undefined;
  const except: Comparison['except'] = unsigned ? ['unsigned'] : [];
  if (content === undefined && unsigned) {
    const why = 'the file is gone, and the manifest has no hash of it without its signature';
    return { same: false, except, differences: [{ part: 'unreadable', why }] };
  }
  const differences = compareModinfo(recorded.modinfo, rebuilt.modinfo);
  if (!unsigned && size !== rebuilt.size) {
    differences.unshift({ part: 'size', was: size, now: rebuilt.size });
  }
  return { same: false, except, differences };
}

type Claim = RecordedArtifact['signature'];

/**
 * Signatures over the same content that are not the same bytes.
 * @param isAltered the first one is not what was recorded: whatever it is, it differs
 */
function compareSignatures(
  was: Claim,
  now: ModuleSigner | undefined,
  isAltered: boolean,
): Findings {
  if (!isAltered && was !== null && now === undefined) {
    return { same: true, except: ['unsigned'], differences: [] };
  }
  const isBySame =
    was?.signer === now?.signer && was?.keyId === now?.keyId && was?.hash === now?.hash;
  if (!isAltered && isBySame && now !== undefined && isRandom(now)) {
    return { same: true, except: ['random-signature'], differences: [] };
  }
  const sides = { was: was && claimOf(was), now: now === undefined ? null : claimOf(now) };
  return { same: false, except: [], differences: [{ part: 'signature', ...sides }] };
}

/** Signatures of these kinds hold a random number: no two of them are the same bytes. */
const isRandom = ({ algorithm }: ModuleSigner): boolean => /^(ecdsa|ml-dsa)/.test(algorithm);

const claimOf = ({ signer, keyId, hash: name }: NonNullable<Claim>): NonNullable<Claim> => ({
  signer,
  keyId,
  hash: name,
});

/** In the files as they are decompressed, and, where one has no signature for want of a key, without it. */
function firstByte(
  was: ModuleContent,
  now: ModuleContent,
  except: Comparison['except'],
): number | undefined {
  return except.includes('unsigned')
    ? firstDifference(was.content, now.content)
    : firstDifference(was.plain, now.plain);
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  firstDifference(one, other) === undefined;

const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');
