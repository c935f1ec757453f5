import type { Bench, Measured } from './group.js';
import { race, type Contestant } from './measure.js';
import type { Row } from './row.js';

/** What every start of anything written for Node takes. */
export const node: Contestant = { name: 'node -e 0', command: ['node', '-e', '0'] };

/** The command line itself. */
export async function startRows({ bin, runs }: Bench): Promise<Measured> {
  const rows: Row[] = [];
  for (const option of ['--version', '--help']) {
    const what = `kbuild-ts ${option}`;
    const [measured, baseline] = await race(
      [{ name: what, command: ['node', bin, option] }, node],
      { runs },
    );
    const goal = { added: 0.1 };
    rows.push({ what, against: node.name, measured: measured!, baseline: baseline!, goal });
  }
  return { rows };
}
