import { defineCommand } from '../command.js';
import {
  jsonOption,
  pathsPositional,
  planRequest,
  selectionOptions,
  verboseOption,
} from '../options.js';
import { printError } from '../print-error.js';
import { roughly } from '../reporters/progress-text.js';
import { runWithReporter } from '../session.js';

export const planCommand = defineCommand({
  usage: 'plan [dirs..]',
  summary: 'Show the jobs, their make lines, and a docker run for each',
  positionals: pathsPositional,
  options: { ...selectionOptions, ...jsonOption, ...verboseOption },
  async run(argv, context) {
    const [
      { plan },
      { reproduceCommand },
      { shellJoin },
      { availableParallelism },
      { styleFor },
      { expectedTime },
      { JobHistory },
    ] = await Promise.all([
      import('../../workflow/plan.js'),
      import('../../plan/reproduce.js'),
      import('../../runtime/shell.js'),
      import('node:os'),
      import('../style.js'),
      import('../../engine/expected-time.js'),
      import('../../engine/job-history.js'),
    ]);
    const cpus = availableParallelism();
    const { jobs, unusable, expectedMs } = await runWithReporter(argv, context, async (session) => {
      const planned = await plan(planRequest(argv), session);
      const history = JobHistory.load(session.cache);
      return { ...planned, expectedMs: expectedTime(planned.jobs, history, cpus) };
    });
    const shown = jobs.map((job) => ({
      id: job.id,
      project: job.project,
      release: job.release,
      arch: job.arch,
      toolchain: job.toolchain,
      key: job.key,
      kdir: job.kdir.path,
      image: job.image,
      buildDeps: job.source.project.buildDeps,
      vermagic: job.kdir.vermagic,
      expected: job.expected,
      needs: job.needs,
      make: job.make,
      dkms: job.dkms !== undefined,
      env: job.env,
      output: job.output,
      ...(argv.runtime === 'docker' && {
        reproduce: reproduceCommand(job, cpus),
      }),
    }));
    if (argv.json) {
      const failed = unusable.map((kernel) => ({ ...kernel, error: kernel.error.toReport() }));
      const expected = expectedMs === undefined ? {} : { expectedMs: Math.round(expectedMs) };
      const document = { schemaVersion: 1, jobs: shown, ...expected, unusable: failed };
      console.log(JSON.stringify(document, null, 2));
      return unusable[0]?.error.exitStatus ?? 0;
    }
    const { paint } = styleFor(process.stdout);
    for (const job of shown) {
      const modules = job.expected.map((name) => `${name}.ko`).join(', ');
      const source = job.dkms ? "as its dkms.conf says ('kbuild-ts dkms show')" : undefined;
      console.log(paint('bold', job.id));
      console.log(`  modules    ${source ?? (modules || "as the project's own Makefile says")}`);
      console.log(`  vermagic   ${job.vermagic ?? 'cannot be computed (RANDSTRUCT)'}`);
      if (job.needs.length > 0) console.log(`  after      ${job.needs.join(', ')}`);
      if (job.buildDeps.length > 0) {
        // What `reproduce` runs in is there after a build, or this.
        const make = `kbuild-ts toolchain build ${job.toolchain} --build-dep ${job.buildDeps.join(',')}`;
        console.log(`  packages   ${argv.runtime === 'host' ? job.buildDeps.join(', ') : make}`);
      }
      console.log(`  make       ${source ?? shellJoin(job.make)}`);
      // Not indented: it is there to be copied.
      if (job.reproduce !== undefined) console.log(`  reproduce\n${job.reproduce}`);
      console.log('');
    }
    if (expectedMs !== undefined) console.log(expectation(jobs.length, cpus, expectedMs));
    for (const { error } of unusable) printError(error, false);
    return unusable[0]?.error.exitStatus ?? 0;
  },
});

/** `9 jobs: about 35 s on 2 CPUs if all are built, from earlier builds` */
function expectation(jobs: number, cpus: number, milliseconds: number): string {
  const time = roughly(milliseconds);
  const takes = time === undefined ? 'a few seconds' : `about ${time}`;
  const counts = `${jobs} job${jobs === 1 ? '' : 's'}: ${takes} on ${cpus} CPU${cpus === 1 ? '' : 's'}`;
  return `${counts} if all are built, from earlier builds`;
}
