import type * as CycloneDx from '@cyclonedx/cyclonedx-library';
import type { ReleasedJob, ReleaseRecord } from '../../artifact/release-schema.js';
import type { PackageAbout } from '../dkms/source-package.js';
import type { PackedModule, ReleaseProject } from '../pack/release-project.js';
import { sha256 } from './content-id.js';
import { sbomLicense } from './spdx-license.js';
import { sortedBy } from './sorted.js';

export type Component = CycloneDx.Models.Component;

interface ModuleInput {
  project: ReleaseProject;
  /** That built it. */
  job: ReleasedJob | undefined;
  /** Kernel release. */
  release: string;
  module: PackedModule;
  /** Of the module as it is packaged. */
  modinfo: Readonly<Record<string, string[] | undefined>>;
}

/** Makes the components of an SBOM; each kernel and each image once. */
export class SbomParts {
  readonly kernels = new Map<string, Component>();
  readonly images = new Map<string, Component>();

  constructor(
    readonly cyclonedx: typeof CycloneDx,
    readonly record: ReleaseRecord,
  ) {}

  /** The release itself. */
  release(projects: readonly ReleaseProject[]): Component {
    const { Enums } = this.cyclonedx;
    const sorted = sortedBy(projects, ({ project }) => project);
    const versions = [...new Set(sorted.map(({ version }) => version))];
    const [first] = sorted;
    const name = sorted.map((project) => project.name).join('+');
    const about = sorted.length === 1 ? (first?.about ?? {}) : {};
    return this.#component(Enums.ComponentType.Application, name, 'release', {
      version: versions.length === 1 ? versions[0] : undefined,
      about,
      license: this.#license(about.license, undefined),
    });
  }

  file({ path, sha256 }: ReleaseRecord['files'][number]): Component {
    const { Enums } = this.cyclonedx;
    return this.#component(Enums.ComponentType.File, path, `file:${path}`, { digest: sha256 });
  }

  module({ project, job, release, module, modinfo }: ModuleInput): Component {
    const { Enums } = this.cyclonedx;
    const [said] = modinfo.license ?? [];
    const ref = `module:${job?.id ?? project.project}/${module.path}`;
    return this.#component(Enums.ComponentType.DeviceDriver, module.name, ref, {
      version: modinfo.version?.[0] ?? project.version,
      digest: sha256(module.bytes),
      about: { ...project.about, description: modinfo.description?.[0] },
      license: this.#license(said, project.about.license),
      properties: {
        path: `/lib/modules/${release}/${module.path}`,
        project: project.project,
        ...(said !== undefined && { MODULE_LICENSE: said }),
        ...(module.bytes.equals(module.plain) ? {} : { uncompressedSha256: sha256(module.plain) }),
        ...(job !== undefined && { toolchain: job.toolchain, key: job.key }),
        ...(job !== undefined && this.#hasImages && { image: job.image.name }),
        ...Object.fromEntries(
          (job?.sources ?? []).map(({ placement, digest }) => [`sources:${placement}`, digest]),
        ),
      },
    });
  }

  /** The kernel that a job built for. */
  kernel({ release, arch, kernel, kdir }: ReleasedJob): Component {
    const { Enums } = this.cyclonedx;
    const ref = `kernel:${arch}/${release}/${kdir.identity.slice(0, 16)}`;
    const known = this.kernels.get(ref);
    if (known !== undefined) return known;
    const made = this.#component(Enums.ComponentType.OperatingSystem, 'linux', ref, {
      version: release,
      properties: {
        arch,
        kdir: kdir.path,
        kdirIdentity: kdir.identity,
        ...(kernel !== undefined && { kernel }),
      },
    });
    this.kernels.set(ref, made);
    return made;
  }

  /** The image that a job was compiled in, if it was one. It is no part of what is shipped. */
  image({ image: { name, id, packages = [] } }: ReleasedJob): Component | undefined {
    const { Enums } = this.cyclonedx;
    if (!this.#hasImages) return undefined;
    const ref = `image:${name}${id === undefined ? '' : `@${id}`}`;
    const known = this.images.get(ref);
    if (known !== undefined) return known;
    const [, repository = name, tag] = /^(.*):([^:/]*)$/.exec(name) ?? [];
    const made = this.#component(Enums.ComponentType.Container, repository, ref, {
      version: tag,
      digest: /^sha256:([0-9a-f]{64})$/.exec(id ?? '')?.[1],
      properties: packages.length > 0 ? { packages: packages.join(' ') } : {},
    });
    made.scope = Enums.ComponentScope.Excluded;
    this.images.set(ref, made);
    return made;
  }

  /** The document, in the order in which it is given. */
  write(release: Component, components: readonly Component[], uuid: string): string {
    const { Enums, Models, Serialize, Spec } = this.cyclonedx;
    const { tool, epoch } = this.record;
    const bom = new Models.Bom({
      serialNumber: `urn:uuid:${uuid}`,
      metadata: new Models.Metadata({
        timestamp: new Date(epoch * 1000),
        component: release,
        tools: new Models.Tools({
          components: new Models.ComponentRepository([
            new Models.Component(Enums.ComponentType.Application, tool.name, {
              version: tool.version,
            }),
          ]),
        }),
      }),
      components: new Models.ComponentRepository(components),
    });
    const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
    const text = new Serialize.JsonSerializer(factory).serialize(bom, { space: 2 });
    return `${text}\n`;
  }

  get #hasImages(): boolean {
    return this.record.options?.runtime !== 'host';
  }

  #license(said: string | undefined, declared: string | undefined) {
    const { Models, SPDX } = this.cyclonedx;
    const license = sbomLicense(said, declared, (id) => SPDX.isSupportedSpdxId(id));
    if (license === undefined) return undefined;
    if (license.kind === 'id') return new Models.SpdxLicense(license.id);
    if (license.kind === 'name') return new Models.NamedLicense(license.name);
    return new Models.LicenseExpression(license.expression);
  }

  #component(
    type: CycloneDx.Enums.ComponentType,
    name: string,
    bomRef: string,
    known: {
      version?: string | undefined;
      /** SHA-256. */
      digest?: string | undefined;
      about?: PackageAbout;
      license?: CycloneDx.Models.License | undefined;
      properties?: Readonly<Record<string, string>>;
    },
  ): Component {
    const { Enums, Models } = this.cyclonedx;
    const { version, digest, about = {}, license, properties = {} } = known;
    const component = new Models.Component(type, name, { bomRef });
    if (version !== undefined) component.version = version;
    if (about.description !== undefined) component.description = about.description;
    if (about.maintainer !== undefined) component.supplier = this.#supplier(about.maintainer);
    if (about.homepage !== undefined) {
      component.externalReferences.add(
        new Models.ExternalReference(about.homepage, Enums.ExternalReferenceType.Website),
      );
    }
    if (digest !== undefined) component.hashes.set(Enums.HashAlgorithm['SHA-256'], digest);
    if (license !== undefined) component.licenses.add(license);
    for (const [key, value] of Object.entries(properties)) {
      component.properties.add(new Models.Property(`kbuild-ts:${key}`, value));
    }
    return component;
  }

  /** `Name <address>`. */
  #supplier(maintainer: string): CycloneDx.Models.OrganizationalEntity {
    const { Models } = this.cyclonedx;
    const [, name = maintainer, email] = /^(.*?)\s*<([^>]*)>$/.exec(maintainer) ?? [];
    const supplier = new Models.OrganizationalEntity({ name });
    if (email !== undefined)
      supplier.contact.add(new Models.OrganizationalContact({ name, email }));
    return supplier;
  }
}
