import { describe, expect, it } from 'vitest';
import { fixtureModulePath, type FixtureModule } from '../../../test/support/fixture-module.js';
import { plainStyle } from '../../../test/support/styles.js';
import type { ModuleReport } from '../../artifact/module-report.js';
import { inspectFile } from '../../workflow/inspect.js';
import { formatModule } from './module-view.js';

const view = async (name: FixtureModule, changes: Partial<ModuleReport> = {}, width = 80) =>
  formatModule({ ...(await inspectFile(fixtureModulePath(name))), ...changes }, plainStyle, width);

/** The lines that a label begins. */
const rowsOf = (text: string, label: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`  ${label} `));

describe('formatModule', () => {
  it('begins with the name of the file and has a row for each tag', async () => {
    const text = await view('params-x86_64');
    expect(text.split('\n')[0]).toBe('params-x86_64.ko');
    for (const label of ['filename', 'name', 'license', 'vermagic', 'depends', 'machine']) {
      expect(rowsOf(text, label), label).toHaveLength(1);
    }
    expect(text.endsWith('\n')).toBe(true);
    expect(rowsOf(text, 'signature')[0]).toMatch(/none$/);
  });

  it('joins parameters from their description and type', async () => {
    const parameters = [
      { name: 'a', type: 'int', description: 'A number' },
      { name: 'b', type: 'uint' },
      { name: 'c', description: 'No type' },
    ];
    const text = await view('params-x86_64', { parameters });
    expect(rowsOf(text, 'parameter').map((row) => row.slice(16))).toEqual([
      'a (int): A number',
      'b (uint)',
      'c: No type',
    ]);
    expect(text).not.toMatch(/^ +parmtype/m);
  });

  it('shows exports with their tables and namespaces', async () => {
    const text = await view('exporter-x86_64');
    expect(text).toMatch(/0x[0-9a-f]{8} exporter_remove \(GPL only\) \(namespace KBUILD_TS\)/);
    expect(await view('params-x86_64')).toMatch(/^ {2}exports +none$/m);
  });

  it('breaks lists into lines of the width that it is given', async () => {
    const text = await view('params-x86_64', {}, 70);
    const [, list = ''] = /^ {2}imports([^]*?)^ {2}sections/m.exec(text) ?? [];
    const lines = list.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(71);
  });

  it('says by whom a module is signed, and that this proves nothing', async () => {
    const signature = {
      ...{ idType: 'PKCS#7', signer: 'Vendor', keyId: '0A:1B', hash: 'sha256' },
      ...{ algorithm: 'rsa', value: '00' },
    };
    expect(rowsOf(await view('params-x86_64', { signature }), 'signature')[0]).toMatch(
      /PKCS#7 by 'Vendor', rsa with sha256, key 0A:1B; not verified here$/,
    );
  });

  it('lets no module write to the terminal', async () => {
    const modinfo = { description: ['\x1b[2Jclear'], 'tag\x1b[31m': ['x'] };
    const text = await view('params-x86_64', { path: '/m/\x1b[31ma.ko', modinfo });
    expect(text).not.toContain('\x1b');
    expect(text).toContain('clear');
  });

  it('keeps further lines of a value below its first', async () => {
    const text = await view('params-x86_64', { modinfo: { description: ['one\ntwo'] } });
    expect(text).toContain(`  description   one\n${' '.repeat(16)}two\n`);
  });
});
