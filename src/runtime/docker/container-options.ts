import type Docker from 'dockerode';
import { currentOwner, formatOwner } from '../../storage/owner.js';
import type { RunSpec } from '../port.js';
import { nextBuildUser } from '../isolation.js';
import { entry } from './entry.js';
import { labels } from './labels.js';

/** Processes and threads of one run: more than `make -j` needs, less than a fork bomb wants. */
export const processLimit = 4096;
/** Open files of one process. Not above what an engine without privileges may give. */
const fileLimit = 1024;

/** The engine's options for a container that runs a script as its profile asks. */
export function containerOptions(spec: RunSpec): Docker.ContainerCreateOptions {
  return {
    Image: spec.image,
    Cmd: ['sh', '-c', entry, spec.script],
    Entrypoint: [],
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Hostname: 'kbuild-ts',
    WorkingDir: '/',
    // By its standard input it is told to begin.
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { [labels.owner]: formatOwner(currentOwner()), [labels.title]: spec.title },
    ...profiles[spec.profile](spec),
  };
}

/** Files that a run leaves in writable mounts belong to whoever runs kbuild-ts. */
const callersUser = (): string => `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

const profiles = {
  build: (spec) => ({ ...confined(spec), User: nextBuildUser() }),
  prepare: (spec) => ({ ...confined(spec), User: callersUser() }),
  fetch: (spec) => ({
    User: callersUser(),
    HostConfig: { ...common(spec), NetworkMode: 'host' },
  }),
} satisfies Record<RunSpec['profile'], (spec: RunSpec) => Docker.ContainerCreateOptions>;

/** No network, no privileges, and nothing to write to but the scratch space and writable mounts. */
function confined(spec: RunSpec): Docker.ContainerCreateOptions {
  return {
    NetworkDisabled: true,
    HostConfig: {
      ...common(spec),
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Tmpfs: Object.fromEntries(
        ['/tmp', ...(spec.scratch ?? ['/build'])].map((directory) => [
          directory,
          `rw,exec,nosuid,nodev,mode=1777,size=${spec.diskBytes}`,
        ]),
      ),
    },
  };
}

function common(spec: RunSpec): Docker.HostConfig {
  return {
    Memory: spec.memoryBytes,
    MemorySwap: spec.memoryBytes, // no swap beyond it
    PidsLimit: processLimit,
    // Podman without privileges fails to raise limits that are not given.
    Ulimits: [
      { Name: 'nofile', Soft: fileLimit, Hard: fileLimit },
      { Name: 'nproc', Soft: processLimit, Hard: processLimit },
    ],
    LogConfig: { Type: 'none', Config: {} },
    Mounts: spec.mounts.map(({ source, target, writable }) => ({
      Type: 'bind' as const,
      Source: source,
      Target: target,
      ReadOnly: writable !== true,
    })),
  };
}
