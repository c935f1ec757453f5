import type { TestRequest } from './test.js';
import type { TestSubject } from './test-subject.js';

/** Subjects that can share a guest: of one kernel, and of one kind of machine. */
export interface TestGroup {
  subjects: TestSubject[];
  /** What its guests' consoles are called: the kernel's release and arch. */
  name: string;
}

/** What the command line says of a machine counts for more than the configuration. */
export function machineOf({ tests }: TestSubject, { machine }: TestRequest) {
  return {
    memoryBytes: machine.memoryBytes ?? tests.memoryBytes,
    cpus: machine.cpus ?? tests.cpus,
    commandLine: [...tests.commandLine, ...machine.commandLine],
  };
}

/** Subjects with those that can share a guest with them, in order. */
export function testGroups(subjects: readonly TestSubject[], request: TestRequest): TestGroup[] {
  const groups = new Map<string, TestGroup>();
  const named = new Map<string, number>();
  for (const subject of subjects) {
    const { kdir } = subject;
    const key = JSON.stringify([kdir.identity, kdir.path, machineOf(subject, request)]);
    const known = groups.get(key);
    if (known !== undefined) {
      known.subjects.push(subject);
      continue;
    }
    const name = `${kdir.release}-${kdir.arch}`;
    const count = (named.get(name) ?? 0) + 1;
    named.set(name, count);
    groups.set(key, { subjects: [subject], name: count === 1 ? name : `${name}-${count}` });
  }
  return [...groups.values()];
}

/** As many machines as are allowed, and as have room in memory; one at least. */
export function machinesAtOnce(subjects: readonly TestSubject[], request: TestRequest): number {
  const sizes = subjects.map((subject) => machineOf(subject, request).memoryBytes);
  const room = Math.floor(request.budget.memoryBytes / Math.max(1, ...sizes));
  return Math.max(1, Math.min(request.machines, room));
}
