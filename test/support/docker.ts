import { execa } from 'execa';

/** The ids of containers of a job (of a project, by its name) that are still there, running or not. */
export async function containersOf(job: string): Promise<string[]> {
  const format = '{{.ID}} {{.Label "io.kbuild-ts.title"}}';
  const args = ['ps', '--all', '--filter', 'label=io.kbuild-ts.owner', '--format', format];
  const { stdout } = await execa('docker', args);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ') as [string, string])
    .filter(([, title]) => title === job || title.startsWith(`${job}-`))
    .map(([id]) => id);
}
