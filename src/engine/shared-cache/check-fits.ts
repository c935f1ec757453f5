import { basename } from 'node:path';
import type { Job } from '../../plan/job.js';
import { builtModules } from '../dkms/record.js';
import type { JobFiles } from '../job-store.js';

/**
 * Whether what somebody gives for a job is what its build would have given: as the build's own archive
 * is held against the job. What the modules are is verified later.
 * @throws Error that says what is not so
 */
export function checkFits({ modules, dkms }: JobFiles, job: Job): void {
  const names = modules.map(({ path }) => basename(path, '.ko'));
  if (names.length === 0) throw new Error('it has no module');
  const missing = job.expected.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`it lacks ${missing.join(', ')}`);
  if ((dkms !== undefined) !== (job.dkms !== undefined)) {
    throw new Error('one of it and the job is of a dkms.conf, and one is not');
  }
  if (dkms === undefined) {
    // Only a dkms.conf gives a module's file another name.
    const renamed = modules.find(({ name }) => name !== undefined);
    if (renamed !== undefined) throw new Error(`it has another name for ${renamed.path}`);
    return;
  }
  if (dkms.excluded !== undefined) throw new Error('it says that nothing was built');
  const built = builtModules({ meaning: dkms, end: 'built' }).map(({ dest }) => `${dest}.ko`);
  const given = modules.map(({ path }) => path);
  if (built.toSorted().join('\n') !== given.toSorted().join('\n')) {
    throw new Error('its modules are not those that its dkms.conf gives');
  }
}
