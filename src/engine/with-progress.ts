import type { Emit } from '../events/event.js';
import type { Progress, ProgressJob } from './progress.js';

/** How often the remaining time is told while jobs run and none ends. Milliseconds. */
const beat = 1000;

/**
 * Follows the jobs of a run by their events, and tells of their progress after each start and each
 * end, and once a second while one runs.
 */
export function withProgress<J extends ProgressJob>(emit: Emit, progress: Progress<J>): Emit {
  let beats: NodeJS.Timeout | undefined;
  const tell = () => {
    const event = progress.event();
    emit(event);
    if (event.running === 0) {
      clearInterval(beats);
      beats = undefined;
    } else {
      beats ??= setInterval(tell, beat).unref();
    }
  };
  return (event) => {
    emit(event);
    if (event.type === 'step') {
      if (event.step === 'wait') progress.wait(event.job.id);
      else if (event.step === 'compile') progress.build(event.job.id);
    } else if (event.type === 'job-start') {
      progress.start(event.job.id);
      tell();
    } else if (event.type === 'job-end') {
      progress.end(event.job.id, event.status, event.milliseconds);
      tell();
    }
  };
}
