/** A host path that a container sees at another path, read-only unless it says `writable`. */
export interface Mount {
  source: string;
  target: string;
  writable?: boolean;
}

/** One shell script to run in isolation. */
export interface RunSpec {
  /** The image's id or name; the host runtime has no use for it. */
  image: string;
  script: string;
  env: Record<string, string>;
  mounts: Mount[];
  /**
   * `build`: unprivileged, without a network, nothing of the host writable. `prepare`: the same, but
   * as the caller's user, so that it can fill the writable mounts. `fetch`: the caller's user, with
   * the host's network (a proxy or a mirror may listen on loopback).
   */
  profile: 'build' | 'prepare' | 'fetch';
  /** Most memory that all processes of the run may hold together. */
  memoryBytes: number;
  /** Directories of the run's own to write to, besides /tmp; default: /build. */
  scratch?: readonly string[];
  /** Size of the run's scratch space, where the runtime can bound it. */
  diskBytes: number;
  timeoutMs: number;
  /** For people who look at the engine: what the container is for. */
  title: string;
}

/** How a run ended. A script that fails is a value; a run that could not be made is an exception. */
export interface RunOutcome {
  end: 'exited' | 'timeout' | 'out-of-memory' | 'too-much-output' | 'too-many-processes';
  exitCode: number;
  /** All that the script wrote to its standard output; at most as much as its scratch space holds. */
  stdout: Buffer;
  /** What it took, where the runtime can tell: a guess for later runs, since a build could forge it. */
  usage?: Usage;
}

/** What all processes of a run took together. */
export interface Usage {
  /** Time on a CPU, in user and kernel mode. Milliseconds. */
  cpuMilliseconds: number;
  /** The most memory that they held at once; of a container, with its scratch space and file cache. */
  memoryBytes: number;
}

export interface RunHooks {
  /** Each line of the script's standard error, without its end. */
  onLine: (line: string) => void;
  /**
   * Asked when all is ready and only the script is left to run: it waits for this. Its time limit
   * begins then. A rejection ends the run.
   */
  gate?: () => Promise<void>;
  /** Called once the script runs: the time to do what its end will need. */
  onStart?: () => void;
  /**
   * Called once the script has ended, before all else of the run has: its CPU is free. Not called where
   * that cannot be told.
   */
  onScriptEnd?: () => void;
  signal: AbortSignal;
}

/** Runs scripts in isolation. */
export interface Runtime {
  readonly kind: 'docker' | 'host';
  /**
   * @throws KbuildError ENGINE_*, INTERRUPTED, what `gate` rejects with. Whatever happens, nothing of
   * the run stays behind.
   */
  run(spec: RunSpec, hooks: RunHooks): Promise<RunOutcome>;
  /** Waits until what has run is cleaned up. */
  close(): Promise<void>;
}

/** An image of an engine. */
export interface Image {
  id: string;
}

/** The images of an engine. What takes long ends when its signal is aborted. */
export interface ImageStore {
  find(name: string): Promise<Image | undefined>;
  /** Undefined if no registry gives the image, with the reason told to `onLine`. */
  pull(name: string, onLine: (line: string) => void): Promise<Image | undefined>;
  /** Makes an image of a root file system in a tar archive. */
  importArchive(archive: string, name: string): Promise<Image>;
  build(recipe: ImageRecipe, onLine: (line: string) => void): Promise<Image>;
  /** Removes the images that carry a label of ours. Gives their names. */
  removeOurs(): Promise<string[]>;
}

/** An image to be built of a Dockerfile alone, without any other file. */
export interface ImageRecipe {
  name: string;
  dockerfile: string;
  args: Record<string, string>;
  /** The hash over all that it is made of; stands on the image as a label. */
  key: string;
}

/** What `doctor` shows of an engine. */
export interface EngineInfo {
  name: string;
  version: string;
  apiVersion: string;
  address: string;
  /** Where the engine keeps images and containers, if it is on this machine. */
  rootDirectory: string;
  cpus: number;
}
