/** A module as a guest gets it. */
export interface GuestModule {
  /** As the kernel names it: `usb_storage`. */
  name: string;
  /** The file on this machine: .ko, compressed or not. Absolute. */
  file: string;
  /** `tested`: of the project. `needed`: loaded since a tested one, or what modprobe does, wants it. */
  role: 'tested' | 'needed';
}

/** A module to be loaded, with its parameters as the kernel gets them: `count=3`. */
export interface Load {
  module: GuestModule;
  parameters: readonly string[];
  /** False: the case goes on when the kernel refuses it. */
  required: boolean;
}

/**
 * What is loaded when the kernel asks for a module by a name or an alias (request_module). Guests have no
 * modprobe: all is worked out before.
 */
export interface RequestTable {
  /**
   * Globs, with `-` as `_`, and the module that each stands for, if it may be loaded for it. Of the first list in which
   * some match, all of these count, and the next lists do not.
   */
  lookups: readonly (readonly { pattern: string; module?: string }[])[];
  /** What is loaded for a module, in order: what it needs, then the module. By name. */
  loads: Readonly<Record<string, readonly Load[]>>;
}

/** Of a case for which nothing is loaded but what it names. */
export const noRequests: RequestTable = { lookups: [], loads: {} };

/** What a case is held to. Regular expressions are texts: they are matched against whole lines of the log. */
export interface Expectation {
  /**
   * Loading the last module must fail: with this error (`EINVAL`), or with any (`true`). The modules
   * before it must load. `blacklisted` is no error of a kernel's: nothing was to be loaded at all.
   */
  refused?: string | true;
  /** Read back from sysfs, by module and parameter. */
  parameters?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Each must match a message that the kernel gave in the case. */
  messages?: readonly string[];
  /** None may match one. */
  noMessages?: readonly string[];
}

/** One thing that is tried in a booted kernel. Serialisable. */
export interface TestCase {
  name: string;
  /** In the order in which they are loaded; they are unloaded in the reverse. */
  loads: readonly Load[];
  requests: RequestTable;
  /** A shell script that runs in the guest while the modules are loaded: exit status 0 is good. */
  script?: string;
  /** How often all is loaded and unloaded. */
  repeat: number;
  /** A VM of its own. */
  isolated: boolean;
  /** How long a single step (a load, the script, an unload) may take. Milliseconds. */
  timeoutMs: number;
  expect: Expectation;
}

/** All modules that a case may load, each once: those of its own loads first. A guest knows them by their place here. */
export function guestModules({ loads, requests }: TestCase): GuestModule[] {
  const all = [...loads, ...Object.values(requests.loads).flat()].map(({ module }) => module);
  return [...new Map(all.map((module) => [module.name, module])).values()];
}
