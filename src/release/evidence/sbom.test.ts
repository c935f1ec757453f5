import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { releaseValues } from '../../../test/support/release-values.js';
import type { EvidenceInput } from './evidence.js';
import { releaseRecord } from './release-record.js';
import { sbom } from './sbom.js';

interface Component {
  type: string;
  name: string;
  version?: string;
  'bom-ref': string;
  hashes?: { alg: string; content: string }[];
  properties?: { name: string; value: string }[];
}
interface Bom {
  serialNumber: string;
  metadata: { timestamp: string; component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

const made = (input: EvidenceInput) =>
  sbom({ record: releaseRecord(input), projects: input.projects, unpacked: input.unpacked });
const parsed = async (input: EvidenceInput) => JSON.parse(await made(input)) as Bom;

describe('the SBOM of a release', () => {
  let input: EvidenceInput;
  let bom: Bom;
  beforeAll(async () => {
    input = await releaseValues();
    bom = await parsed(input);
  });

  const dependenciesOf = (ref: string) =>
    bom.dependencies.find((one) => one.ref === ref)?.dependsOn ?? [];

  it('is CycloneDX 1.6, by its own schema', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(await made(input))).toBeNull();
    // The schema does look: a type that it does not know is found.
    const wrong = (await made(input)).replace('"device-driver"', '"module"');
    expect(await validator.validate(wrong)).not.toBeNull();
  });

  it('has all files, modules, kernels and images, each once', () => {
    const counts = bom.components.map(({ type }) => type);
    const count = (type: string) => counts.filter((one) => one === type).length;
    expect(count('file')).toBe(4);
    expect(count('device-driver')).toBe(4);
    expect(count('operating-system')).toBe(2);
    expect(count('container')).toBe(1);
    const refs = bom.components.map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(refs.join()).not.toContain('BomRef'); // the library's own, which are random
  });

  it('says of a module what it is', () => {
    const ref = 'module:consumer-6.1.0-56-arm64-arm64-gcc-12/updates/consumer.ko.xz';
    const module = bom.components.find((one) => one['bom-ref'] === ref);
    const [packed] = input.projects[1]!.kernels[1]!.modules;
    const digest = createHash('sha256').update(packed!.bytes).digest('hex');
    expect(module).toMatchObject({
      type: 'device-driver',
      name: 'consumer',
      version: '1.0.0', // its own, not its package's
      hashes: [{ alg: 'SHA-256', content: digest }],
      licenses: [{ license: { id: 'GPL-2.0-only' } }],
      supplier: { name: 'Acme', contact: [{ email: 'kernel@acme.example' }] },
    });
    expect(module?.properties).toEqual(
      expect.arrayContaining([
        {
          name: 'kbuild-ts:path',
          value: '/lib/modules/6.1.0-56-arm64/updates/consumer.ko.xz',
        },
        { name: 'kbuild-ts:MODULE_LICENSE', value: 'GPL' },
        { name: 'kbuild-ts:image', value: 'kbuild-ts/gcc-12:a584a665e567' },
        { name: 'kbuild-ts:sources:consumer', value: 'c'.repeat(64) },
        { name: 'kbuild-ts:sources:exporter', value: 'e'.repeat(64) },
      ]),
    );
  });

  it('says what depends on what', () => {
    const files = input.files.map(({ path }) => `file:${path}`);
    expect(dependenciesOf('release').sort()).toEqual(files.sort());
    for (const [arch, release] of [
      ['arm64', '6.1.0-56-arm64'],
      ['x86_64', '6.1.0-56-amd64'],
    ] as const) {
      const module = (name: string) =>
        `module:${name}-${release}-${arch}-gcc-12/updates/${name}.ko.xz`;
      const kernel = `kernel:${arch}/${release}/${arch.padEnd(16, '0')}`;
      expect(dependenciesOf(module('exporter'))).toEqual([kernel]);
      expect(dependenciesOf(module('consumer'))).toEqual([kernel, module('exporter')]);
      expect(dependenciesOf(`file:tar/consumer-1.0-${release}.tar.gz`)).toEqual([
        module('consumer'),
      ]);
    }
  });

  it('has the time of the release, and a number that is made of its content', async () => {
    expect(bom.metadata.timestamp).toBe('2000-01-01T00:00:00.000Z');
    expect(bom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect((await parsed(await releaseValues())).serialNumber).toBe(bom.serialNumber);
    const other = { ...input, files: input.files.slice(1) };
    expect((await parsed(other)).serialNumber).not.toBe(bom.serialNumber);
  });

  it('names no image where there was none', async () => {
    const { manifest } = input;
    const options = { runtime: 'host', prepare: 'auto' } as const;
    const host = await parsed({ ...input, manifest: { ...manifest, options } });
    expect(host.components.map(({ type }) => type)).not.toContain('container');
  });
});
