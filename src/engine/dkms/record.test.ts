import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { builtModules, readDkmsRecord } from './record.js';

/** As the driver writes it: fields that end in NUL. */
const written = (...fields: string[]): Buffer => Buffer.from(fields.map((f) => `${f}\0`).join(''));

const module = (name: string, ...more: string[]): string[] => [
  ...['module', name, 'location', 'src/', 'dest', `${name}-new`, 'target', '/updates'],
  ...['strip', '', 'excluded', '', ...more],
];

describe('readDkmsRecord', () => {
  it('gives all that the driver says', () => {
    const record = readDkmsRecord(
      written(
        ...['overlay', 'x.conf', 'warning', 'a\nb'],
        ...[
          'name',
          'x',
          'version',
          '1.0',
          ...module('one'),
          ...module('two', 'excluded', 'rule 2'),
        ],
        ...['make', 'make -j2', 'patch', 'a.patch', 'patch', 'b.patch', 'depends', 'y'],
        ...['PRE_BUILD', 'pre.sh', 'POST_REMOVE', 'gone.sh', 'autoinstall', 'yes'],
        ...[
          'no-debug-information',
          'yes',
          'no-weak-modules',
          'yes',
          'rule',
          '',
          'end',
          'make',
          'detail',
          '2',
        ],
      ),
    );
    const both = { location: 'src/', target: '/updates', strip: false };
    expect(record).toEqual({
      meaning: {
        ...{ name: 'x', version: '1.0', make: 'make -j2', patches: ['a.patch', 'b.patch'] },
        modules: [
          { built: 'one', dest: 'one-new', ...both },
          { built: 'two', dest: 'two-new', ...both, excluded: 'rule 2' },
        ],
        buildDepends: ['y'],
        hooks: { PRE_BUILD: 'pre.sh', POST_REMOVE: 'gone.sh' },
        ...{ withoutDebugInformation: true, autoinstall: true, noWeakModules: true },
        ...{ overlays: ['x.conf'], warnings: ['a\nb'] },
        problems: [],
      },
      end: 'make',
      detail: '2',
    });
  });

  it('knows of no end where the driver was ended before it', () => {
    expect(readDkmsRecord(written('name', 'x'))).not.toHaveProperty('end');
    expect(readDkmsRecord(Buffer.alloc(0)).meaning.modules).toEqual([]);
  });

  it('lets no control character through', () => {
    const { meaning, detail } = readDkmsRecord(
      written('name', '\u001b[31mx', 'detail', 'a\u009b2J', 'problem', 'b\rc', 'make', 'x\u202e'),
    );
    expect(meaning.name).toBe('\ufffd[31mx');
    expect(detail).toBe('a\ufffd2J');
    expect(meaning.problems).toEqual(['b\ufffdc']);
    expect(meaning.make).toBe('x\ufffd');
  });

  it.each([
    ['a key of its own', written('evil', 'x')],
    ['a key of escapes', written('\u001b[2J', 'x')],
    ['an end that there is not', written('end', 'won')],
    ['a hook that there is not', written('PRE_STEAL', 'x')],
    ['a key of Object', written('__proto__', 'x')],
    ['a module before any', written('dest', 'x')],
    ['more than a record can be', Buffer.alloc(2 ** 20 + 1, 'x')],
  ])('refuses %s', async (_, bytes) => {
    const error = await kbuildErrorOf(() => readDkmsRecord(bytes));
    expect(error.code).toBe('VERIFY_FAILED');
    expect(error.message).not.toMatch(/\p{Cc}/u);
  });

  it('reads or refuses whatever a build makes of it, 20,000 times', () => {
    const whole = written(
      'name',
      'x',
      ...module('one'),
      'make',
      'make',
      'rule',
      '',
      'end',
      'built',
    );
    let seed = 1;
    const below = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    let refused = 0;
    for (let run = 0; run < 20_000; run++) {
      const bytes = Buffer.from(whole.subarray(0, 1 + below(whole.length)));
      for (let n = below(4); n >= 0; n--) bytes[below(bytes.length)] = below(256);
      try {
        const record = readDkmsRecord(bytes);
        expect(JSON.stringify(record)).not.toMatch(/\p{Cc}|\u009b/u);
        for (const { dest } of builtModules(record)) expect(dest).toMatch(/^[\w+.,~-]+$/);
      } catch (error) {
        if (!(error instanceof KbuildError)) throw error;
        expect(error.code).toBe('VERIFY_FAILED');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('builtModules', () => {
  const built = (...fields: string[]) =>
    builtModules(readDkmsRecord(written(...fields, 'end', 'built')));

  it('gives those of a build that ended well and that no rule excludes', () => {
    const both = [...module('one'), ...module('two', 'excluded', 'rule')];
    expect(built(...both).map(({ built: name }) => name)).toEqual(['one']);
    expect(builtModules(readDkmsRecord(written(...both, 'end', 'missing')))).toEqual([]);
    expect(builtModules(readDkmsRecord(written(...both)))).toEqual([]);
  });

  it.each(['', '..', '../x', '/x', 'a/b', 'a b', '-x', '.x', 'x\ny', 'ä'])(
    'refuses a module called %j, as what is built and as what is installed',
    async (name) => {
      for (const fields of [
        ['module', name, 'dest', 'fine'],
        ['module', 'fine', 'dest', name],
      ]) {
        expect((await kbuildErrorOf(() => built(...fields))).code).toBe('VERIFY_FAILED');
      }
    },
  );

  it('refuses two that would be one file', async () => {
    const fields = ['module', 'a', 'dest', 'x', 'module', 'b', 'dest', 'x'];
    expect((await kbuildErrorOf(() => built(...fields))).message).toContain('module x twice');
  });
});
