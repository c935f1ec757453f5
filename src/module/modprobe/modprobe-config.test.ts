import { describe, expect, it } from 'vitest';
import { parseModprobeConfig } from './modprobe-config.js';

const parse = (text: string) => parseModprobeConfig([{ path: '/etc/modprobe.d/a.conf', text }]);

describe('parseModprobeConfig', () => {
  it('reads each kind of line', () => {
    expect(
      parse(
        [
          'alias net-pf-* my-mod',
          'options my-mod a=1\tb="x y"',
          'blacklist pc-spkr',
          'softdep my-mod pre: a-b c post: d',
          'weakdep my-mod e f',
          'install my-mod echo $CMDLINE_OPTS; true',
          'remove my-mod rmmod it',
        ].join('\n'),
      ),
    ).toEqual({
      aliases: [{ alias: 'net_pf_*', module: 'my_mod' }],
      options: [{ module: 'my_mod', value: 'a=1 b="x y"' }],
      blacklist: ['pc_spkr'],
      softdeps: [{ module: 'my_mod', value: { pre: ['a-b', 'c'], post: ['d'] }, file: 'a.conf' }],
      weakdeps: [{ module: 'my_mod', value: ['e', 'f'] }],
      install: [{ module: 'my_mod', value: 'echo $CMDLINE_OPTS; true' }],
      remove: [{ module: 'my_mod', value: 'rmmod it' }],
      warnings: [],
    });
  });

  it('leaves dashes in brackets of a pattern as they are', () => {
    expect(parse('alias a-[b-d] e').aliases).toEqual([{ alias: 'a_[b-d]', module: 'e' }]);
  });

  it('says where a line is that it does not know, by its first line', () => {
    expect(parse('options a \\\n b=1\nbogus \\\n x\n\nalias y').warnings).toEqual([
      {
        path: '/etc/modprobe.d/a.conf',
        line: 3,
        message: "modprobe knows no 'bogus': the line is ignored",
      },
      {
        path: '/etc/modprobe.d/a.conf',
        line: 6,
        message: "'alias' needs an alias and a module: the line is ignored",
      },
    ]);
  });

  it('takes files by their names, and the first of two with one name', () => {
    const { blacklist } = parseModprobeConfig([
      { path: '/etc/modprobe.d/b.conf', text: 'blacklist b' },
      { path: '/lib/modprobe.d/b.conf', text: 'blacklist hidden' },
      { path: '/lib/modprobe.d/a.conf', text: 'blacklist a' },
    ]);
    expect(blacklist).toEqual(['a', 'b']);
  });
});
