import { Listr, ListrLogger, ProcessOutput, type ListrTask } from 'listr2';
import type { Event, JobLabel, JobStep } from '../../events/event.js';
import { withoutControls } from '../style.js';
import { formatDuration } from '../units.js';
import type { Reporter } from './reporter.js';

type Task = Parameters<ListrTask['task']>[1];

/** A task on the screen whose end comes from outside. */
interface Entry {
  title: string;
  task?: Task;
  done: Promise<void>;
  finish: (error?: string) => void;
}

const steps: Record<JobStep, string> = {
  cache: 'looking into the cache',
  wait: 'waiting',
  compile: 'compiling',
  collect: 'collecting',
  verify: 'verifying',
  sign: 'signing',
};

/** A view that stays in place, on a terminal: what is prepared, then every job. */
export function liveReporter(): Reporter {
  const entries = new Map<string, Entry>();
  let view: Promise<unknown> = Promise.resolve();

  const entry = (id: string, title: string): Entry => {
    let settle: (error?: string) => void = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      settle = (error) => {
        if (error === undefined) resolve();
        else reject(new Error(withoutControls(error)));
      };
    });
    done.catch(() => undefined); // the view waits for it only once it is shown
    const made: Entry = { title: withoutControls(title), done, finish: settle };
    entries.set(id, made);
    return made;
  };

  /** Shows entries side by side, under what was shown before. */
  const show = (shown: Entry[]) => {
    const tasks: ListrTask[] = shown.map((item) => ({
      title: item.title,
      task: async (_, task) => {
        item.task = task;
        task.title = item.title;
        await item.done;
      },
    }));
    const output = new ProcessOutput(process.stderr, process.stderr);
    const list = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      rendererOptions: {
        collapseErrors: false,
        showErrorMessage: true,
        logger: new ListrLogger({ processOutput: output }),
      },
    });
    view = view.then(() => list.run());
  };

  const retitle = (id: string, title: string) => {
    const item = entries.get(id);
    if (item === undefined) return;
    item.title = withoutControls(title);
    if (item.task !== undefined) item.task.title = item.title;
  };
  const say = (item: Entry | undefined, line: string) => {
    if (item?.task !== undefined) item.task.output = withoutControls(line);
  };
  const jobs: JobLabel[] = [];

  return {
    onEvent(event: Event) {
      switch (event.type) {
        case 'prepare-start':
          // What is prepared while jobs are shown is told on the lines of those that wait for it.
          if (jobs.length === 0) show([entry(event.id, event.title)]);
          break;
        case 'prepare-line':
          if (jobs.length === 0) say(entries.get(event.id), event.line);
          else for (const job of jobs) say(entries.get(job.id), `${event.id}: ${event.line}`);
          break;
        case 'prepare-progress':
          if (jobs.length === 0) {
            retitle(event.id, `${event.id}: ${Math.floor(event.fraction * 100)} %`);
            say(entries.get(event.id), event.text);
          }
          break;
        case 'prepare-end':
          retitle(event.id, `${event.id} (${formatDuration(event.milliseconds)})`);
          entries.get(event.id)?.finish(event.error?.message);
          break;
        case 'warning':
          view = view.then(() =>
            process.stderr.write(`warning: ${withoutControls(event.message)}\n`),
          );
          break;
        case 'plan':
          jobs.push(...event.jobs);
          show(event.jobs.map((job) => entry(job.id, jobTitle(job))));
          break;
        case 'step':
          retitle(event.job.id, `${jobTitle(event.job)}: ${steps[event.step]}`);
          break;
        case 'line':
          say(entries.get(event.job.id), event.line);
          break;
        case 'job-end':
          retitle(
            event.job.id,
            `${jobTitle(event.job)}: ${event.status} (${formatDuration(event.milliseconds)})`,
          );
          entries.get(event.job.id)?.finish(event.error?.message);
          break;
        case 'job-start':
        case 'diagnostic':
        case 'progress':
          break;
      }
    },
    async close() {
      for (const item of entries.values()) item.finish('interrupted'); // no effect on ended ones
      await view;
    },
  };
}

function jobTitle({ project, release, arch, toolchain }: JobLabel): string {
  return `${project}  ${release}  ${arch}  ${toolchain}`;
}
