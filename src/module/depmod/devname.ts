import type { DependencyGraph } from './dependency-graph.js';

/** A device node that systemd-tmpfiles makes, so that opening it loads the module. */
export interface DeviceNode {
  readonly module: string;
  /** Below /dev, for example `net/tun`. */
  readonly name: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
}

/** A module with a `devname:` alias, but without one that says major and minor. */
export interface NodelessModule {
  readonly module: string;
  readonly devname: string;
}

/**
 * The device nodes of all modules that have an alias `devname:…` and one `char-major-M-N` or
 * `block-major-M-N`: the first of the latter, and the last of the former up to where both are known.
 */
export function deviceNodes({ modules }: DependencyGraph): {
  nodes: DeviceNode[];
  /** depmod warns of these and leaves them out. */
  incomplete: NodelessModule[];
} {
  const nodes: DeviceNode[] = [];
  const incomplete: NodelessModule[] = [];
  for (const {
    name: module,
    module: { modinfo },
  } of modules) {
    let name: string | undefined;
    let device: Device | undefined;
    for (const alias of modinfo.alias ?? []) {
      if (alias.startsWith('devname:')) name = alias.slice('devname:'.length);
      else device = readDevice(alias) ?? device;
      if (name !== undefined && device !== undefined) break;
    }
    if (name === undefined) continue;
    if (device === undefined) incomplete.push({ module, devname: name });
    else nodes.push({ module, name, ...device });
  }
  return { nodes, incomplete };
}

/** modules.devname; empty, without its heading, if no module has a device node. */
export function devnameText(graph: DependencyGraph): string {
  const lines = deviceNodes(graph).nodes.map(
    ({ module, name, type, major, minor }) => `${module} ${name} ${type}${major}:${minor}\n`,
  );
  const heading = '# Device nodes to trigger on-demand module loading.\n';
  return lines.length === 0 ? '' : heading + lines.join('');
}

type Device = Pick<DeviceNode, 'type' | 'major' | 'minor'>;

// Like sscanf(3), which skips white space before a number and takes a sign.
const number = '[ \\t-\\r]*([+-]?)([0-9]+)';
const devicePattern = new RegExp(`^(char|block)-major-${number}-${number}`);

function readDevice(alias: string): Device | undefined {
  const match = devicePattern.exec(alias);
  if (match === null) return undefined;
  const [, kind, majorSign = '', major = '', minorSign = '', minor = ''] = match;
  return {
    type: kind === 'char' ? 'c' : 'b',
    major: unsigned(majorSign, major),
    minor: unsigned(minorSign, minor),
  };
}

/** As sscanf(3) reads `%u`: by way of a 64-bit number, which stops at its largest. */
function unsigned(sign: string, digits: string): number {
  const largest = 2n ** 64n - 1n;
  const significant = digits.replace(/^0+/, '');
  const size = significant.length > 20 ? largest + 1n : BigInt(significant);
  const value = size > largest ? largest : sign === '-' ? -size : size;
  return Number(BigInt.asUintN(32, value));
}
