import { defineCommand } from '../command.js';
import {
  jsonOption,
  pathsPositional,
  planRequest,
  selectionOptions,
  verboseOption,
} from '../options.js';
import { printError } from '../print-error.js';
import { runWithReporter } from '../session.js';

export const planCommand = defineCommand({
  usage: 'plan [dirs..]',
  summary: 'Show the jobs, their make lines, and a docker run for each',
  positionals: pathsPositional,
  options: { ...selectionOptions, ...jsonOption, ...verboseOption },
  async run(argv, context) {
    const [{ plan }, { reproduceCommand }, { shellJoin }, { availableParallelism }, { styleFor }] =
      await Promise.all([
        import('../../workflow/plan.js'),
        import('../../plan/reproduce.js'),
        import('../../runtime/shell.js'),
        import('node:os'),
        import('../style.js'),
      ]);
    const { jobs, unusable } = await runWithReporter(argv, context, (session) =>
      plan(planRequest(argv), session),
    );
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
        reproduce: reproduceCommand(job, availableParallelism()),
      }),
    }));
    if (argv.json) {
      const failed = unusable.map((kernel) => ({ ...kernel, error: kernel.error.toReport() }));
      console.log(JSON.stringify({ schemaVersion: 1, jobs: shown, unusable: failed }, null, 2));
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
    for (const { error } of unusable) printError(error, false);
    return unusable[0]?.error.exitStatus ?? 0;
  },
});
