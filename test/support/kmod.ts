import { execFileSync } from 'node:child_process';
import { execa } from 'execa';

/** What kmod's modinfo prints of a module. */
export interface KmodInfo {
  /** Each tag with its values, in file order; without parameters. */
  tags: Record<string, string[]>;
  /** Each parameter as kmod joins it, `name:description (type)`; sorted. */
  parameters: string[];
}

/** Asks kmod. */
export async function kmodInfo(path: string): Promise<KmodInfo> {
  // -0 ends each value with NUL instead of a newline: a description may hold newlines.
  const { stdout } = await execa('modinfo', ['-0', path]);
  const tags: Record<string, string[]> = {};
  const parameters: string[] = [];
  for (const record of stdout.split('\0')) {
    const [, parameter] = /^parm:\s*([^]*)$/.exec(record) ?? [];
    const [, tag, value] = /^(\w+)=([^]*)$/.exec(record) ?? [];
    if (parameter !== undefined) parameters.push(parameter);
    else if (tag !== undefined && value !== undefined) (tags[tag] ??= []).push(value);
  }
  return { tags, parameters: parameters.sort() };
}

/** Our manifest's modinfo in the shape of kmod's, which joins `parm` and `parmtype`. */
export function asKmodInfo(modinfo: Record<string, string[]>): KmodInfo {
  const { parm = [], parmtype = [], ...tags } = modinfo;
  const split = (text: string): [string, string] => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon), text.slice(colon + 1)];
  };
  const descriptions = new Map(parm.map(split));
  const types = new Map(parmtype.map(split));
  const names = [...new Set([...descriptions.keys(), ...types.keys()])];
  const parameters = names.map((name) => {
    const type = types.get(name);
    return `${name}:${descriptions.get(name) ?? ''}${type === undefined ? '' : ` (${type})`}`;
  });
  return { tags, parameters: parameters.sort() };
}

/** The CRCs that kmod's modprobe reads from a module. */
export function kmodVersions(path: string): Record<string, number> {
  const output = execFileSync('modprobe', ['--dump-modversions', path], { encoding: 'utf8' });
  const lines = output.trim().split('\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [crc = '', name = ''] = line.split('\t');
      return [name, Number(crc)];
    }),
  );
}
