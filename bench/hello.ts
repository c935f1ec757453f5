import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Bench, Measured } from './group.js';
import { race } from './measure.js';
import type { Row } from './row.js';
import { node } from './start.js';

/** One small module: what kbuild-ts adds to a build of it, and what it takes to build nothing. */
export async function helloRows(bench: Bench): Promise<Measured> {
  return {
    rows: [
      await overhead(bench, 'arm64'),
      await overhead(bench, 'x86_64'),
      await unchanged(bench, 'arm64'),
    ],
  };
}

/** The bare compile of the same job: the same image, mounts and make line, and nothing else. */
async function bareCommand(bin: string, hello: string, arch: string): Promise<string> {
  const { stdout } = await execa('node', [bin, 'plan', hello, '--arch', arch, '--json']);
  const [job] = (JSON.parse(stdout) as { jobs: { make: string[]; reproduce: string }[] }).jobs;
  const options = job!.reproduce.slice(0, job!.reproduce.indexOf(" sh -c '"));
  const make = [job!.make[0], '-j2', ...job!.make.slice(1)].join(' ');
  return `${options} sh -c 'cp -R /src/. /build && ${make}'`;
}

async function overhead({ bin, examples, runs, workplace }: Bench, arch: string): Promise<Row> {
  const hello = join(examples, 'hello');
  const out = join(workplace.directory, 'hello-out');
  // Images and headers are made ready first: they are not what is measured here.
  await execa('node', [bin, 'build', hello, '--arch', arch, '--out', out]);
  const what = `build of hello, ${arch}, nothing cached`;
  const [measured, baseline] = await race(
    [
      {
        name: what,
        command: ['node', bin, 'build', hello, '--arch', arch, '--out', out, '--no-cache'],
        reset: () => rm(out, { recursive: true, force: true }),
      },
      { name: 'docker run … make', command: ['sh', '-c', await bareCommand(bin, hello, arch)] },
    ],
    { runs },
  );
  const against = 'the bare docker run … make';
  return { what, against, measured: measured!, baseline: baseline!, goal: { added: 0.25 } };
}

async function unchanged({ bin, examples, runs, workplace }: Bench, arch: string): Promise<Row> {
  const what = `build of hello, ${arch}, unchanged`;
  const out = join(workplace.directory, 'hello-unchanged');
  const build = ['build', join(examples, 'hello'), '--arch', arch, '--out', out];
  const [measured, baseline] = await race(
    [{ name: what, command: ['node', bin, ...build] }, node],
    { runs },
  );
  const goal = { added: 0.2 };
  return { what, against: node.name, measured: measured!, baseline: baseline!, goal };
}
