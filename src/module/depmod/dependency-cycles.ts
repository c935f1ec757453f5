/** Modules that need each other. */
export interface DependencyCycle {
  /** All that reach each other, in depmod's order. */
  readonly members: readonly number[];
  /** A shortest way around from the first member: each needs the next one, the last the first. */
  readonly path: readonly number[];
}

interface Node {
  readonly providers: readonly number[];
}

/** The groups of nodes that need each other or themselves, by their first members. */
export function findCycles(nodes: readonly Node[]): DependencyCycle[] {
  const groups = connectedGroups(nodes)
    .map((group) => group.sort((a, b) => a - b))
    .filter(([first = 0, ...rest]) => rest.length > 0 || nodes[first]?.providers.includes(first));
  return groups
    .map((members) => ({ members, path: wayAround(nodes, members) }))
    .sort((a, b) => (a.members[0] ?? 0) - (b.members[0] ?? 0));
}

/** Tarjan's strongly connected components, without recursion: a chain may be long. */
function connectedGroups(nodes: readonly Node[]): number[][] {
  const found = new Int32Array(nodes.length).fill(-1);
  const lowest = new Int32Array(nodes.length);
  const open = new Uint8Array(nodes.length);
  const stack: number[] = [];
  const groups: number[][] = [];
  let count = 0;
  const visits: { node: number; next: number }[] = [];
  const enter = (node: number) => {
    found[node] = lowest[node] = count++;
    open[node] = 1;
    stack.push(node);
    visits.push({ node, next: 0 });
  };
  const lower = (node: number, to = 0) => {
    lowest[node] = Math.min(lowest[node] ?? 0, to);
  };
  for (const start of nodes.keys()) {
    if (found[start] === -1) enter(start);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const { node } = visit;
      const provider = nodes[node]?.providers[visit.next++];
      if (provider === undefined) {
        visits.pop();
        const user = visits.at(-1);
        if (user !== undefined) lower(user.node, lowest[node]);
        if (lowest[node] !== found[node]) continue;
        const group = stack.splice(stack.lastIndexOf(node));
        for (const member of group) open[member] = 0;
        groups.push(group);
      } else if (found[provider] === -1) enter(provider);
      else if (open[provider] === 1) lower(node, found[provider]);
    }
  }
  return groups;
}

/** Breadth first from the first member until something needs it again. */
function wayAround(nodes: readonly Node[], members: readonly number[]): number[] {
  const [start = 0] = members;
  const inside = new Set(members);
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (const provider of nodes[node]?.providers ?? []) {
      if (provider === start) {
        const path = [node];
        for (let at = node; at !== start; path.unshift(at)) at = cameFrom.get(at) ?? start;
        return path;
      }
      if (!inside.has(provider) || cameFrom.has(provider)) continue;
      cameFrom.set(provider, node);
      queue.push(provider);
    }
  }
  return [start];
}
