import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectOf } from '../../test/support/job-values.js';
import type { DkmsSettings } from '../project/project.js';
import { dkmsRecipe } from './dkms-recipe.js';
import type { DkmsJob, Job } from './job.js';

function dkmsJobOf(settings: Partial<DkmsSettings> = {}): Job & { dkms: DkmsJob } {
  const project = projectOf(
    { 'dkms.conf': 'PACKAGE_NAME=x\n', 'x.c': '' },
    { method: { kind: 'dkms' }, dkms: { directives: [], with: [], ...settings } },
  );
  const job = jobOf(project, kdirOf('arm64'));
  if (job.dkms === undefined) throw new Error('no DKMS job');
  return { ...job, dkms: job.dkms };
}

/** What the script sets before the driver, as bash reads it. */
function inputsOf(script: string, ...names: string[]): string[] {
  // The outer shell takes off the quotes; then what stands before the driver is run alone.
  const inner = execFileSync('sh', ['-c', script.replace('exec bash -c', "printf '%s'")], {
    encoding: 'utf8',
  });
  const [, inputs] = /^(.*\n)\. \/src\/\.dkms\/driver\.bash$/s.exec(inner) ?? [];
  const shown = `${inputs}printf '%s\\0' ${names.map((name) => `"\${${name}[@]}"`).join(' ')}`;
  return execFileSync('bash', ['-c', shown], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('dkmsRecipe', () => {
  it('tells the driver of the job', () => {
    const job = dkmsJobOf();
    const names = [
      'kt_mode',
      'kt_kdir',
      'kernelver',
      'arch',
      'kt_prefix',
      'kt_binutils',
      'kt_jobs',
    ];
    expect(inputsOf(dkmsRecipe(job, job.dkms, { processes: 3 }, 'show'), ...names)).toEqual([
      ...['show', job.kdir.path, '6.1.0-56-arm64', 'aarch64'],
      ...['aarch64-linux-gnu-', 'aarch64-linux-gnu-', '3'],
    ]);
  });

  it.each([
    'POST_ADD=a b',
    `MAKE='make' "x" \\ $(touch /tmp/evil) \`id\` $HOME ; exit 1 #`,
    'MAKE[0]=two\nlines',
    "PRE_BUILD=it's",
    "PRE_BUILD=''\\''",
    'POST_BUILD=*?[a-z]{1,2}~!é',
    'OBSOLETE_BY=',
  ])('gives a directive to it letter by letter: %j', (directive) => {
    const job = dkmsJobOf({ directives: [directive, 'AUTOINSTALL=yes'] });
    const script = dkmsRecipe(job, job.dkms, { processes: 1 }, 'build');
    expect(inputsOf(script, 'kt_directives')).toEqual([directive, 'AUTOINSTALL=yes']);
  });

  it('is a script that bash can read, whatever it is given', () => {
    const job = dkmsJobOf({ directives: [`MAKE=')"'\${`] });
    const script = dkmsRecipe(job, job.dkms, { processes: 1 }, 'build').replace(
      'exec bash -c',
      'exec bash -n -c',
    );
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe('');
  });
});
