import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elfShapes, modinfoSection, writeElf } from '../../test/support/elf-writer.js';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readElf, sectionBytes } from './elf.js';
import { moduleParameters, parseModinfo, type Modinfo, type ModuleParameter } from './modinfo.js';

/** The values of one tag as kmod's modinfo prints them. */
function kmodValues(path: string, tag: string): string[] {
  const output = execFileSync('modinfo', ['-0', '-F', tag, path], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

/** Every tag that kmod's modinfo names, but for those that are not of the file's `.modinfo`. */
function kmodTags(path: string): string[] {
  const output = execFileSync('modinfo', ['-0', path], { encoding: 'utf8' });
  const tags = output.split('\0').map((line) => line.split(/[=:]/, 1)[0] ?? '');
  return [...new Set(tags)].filter((tag) => tag !== '' && tag !== 'filename');
}

/** Parameters as kmod prints them: the last first, each with its type behind its description. */
function joinedParameters({ parm = [], parmtype = [] }: Modinfo): Modinfo {
  if (parm.length === 0) return {};
  const typeOf = (name: string) =>
    parmtype.find((text) => text.startsWith(`${name}:`))?.slice(name.length + 1);
  return {
    parm: parm.map((text) => `${text} (${typeOf(text.split(':', 1)[0] ?? '')})`).reverse(),
  };
}

function modinfoOf(bytes: Uint8Array): Modinfo {
  return parseModinfo(sectionBytes(readElf(bytes), '.modinfo') ?? new Uint8Array());
}

const parse = (text: string): Modinfo => parseModinfo(Buffer.from(text));

describe('parseModinfo', () => {
  it.each(fixtureModules)('gives for %s what kmod gives, tag by tag', (name) => {
    const path = fixtureModulePath(name);
    const modinfo = modinfoOf(fixtureModule(name));
    const tags = new Set([...kmodTags(path), ...Object.keys(modinfo)]);
    const kmods = [...tags].map((tag) => [tag, kmodValues(path, tag)]);
    expect({ ...modinfo, ...joinedParameters(modinfo) }).toEqual(Object.fromEntries(kmods));
    expect(modinfo.license).toEqual(['GPL']);
  });

  it('keeps every line of a description', () => {
    const { parm = [] } = modinfoOf(fixtureModule('params-x86_64'));
    const shape = parm.find((text) => text.startsWith('shape:'));
    expect(shape?.split('\n')).toHaveLength(4);
  });

  it.each(elfShapes)('gives what kmod gives for a $class-bit, $endian-endian file', (shape) => {
    const entries = [
      'license=GPL',
      'vermagic=5.10.0 SMP ',
      'alias=pci:a*',
      'alias=pci:b*',
      'name=x',
    ];
    const bytes = writeElf({ ...shape, sections: [modinfoSection(...entries)] });
    const path = join(temporaryDirectory({ 'x.ko': bytes }), 'x.ko');
    const modinfo = modinfoOf(bytes);
    expect(Object.keys(modinfo)).toEqual(['license', 'vermagic', 'alias', 'name']);
    for (const [tag, values] of Object.entries(modinfo)) {
      expect(values).toEqual(kmodValues(path, tag));
    }
  });

  it('splits at the first equals sign only', () => {
    expect(parse('parm=x:a=b, c==d\0')).toEqual({ parm: ['x:a=b, c==d'] });
  });

  it('collects the values of a repeated tag in file order, around other tags', () => {
    expect(parse('alias=b\0depends=\0alias=a\0')).toEqual({ alias: ['b', 'a'], depends: [''] });
  });

  it('passes over padding and what is no tag', () => {
    expect(parse('\0\0\0license=GPL\0\0\0\0=x\0junk\0author=Me')).toEqual({
      license: ['GPL'],
      author: ['Me'],
    });
  });

  it('takes a tag that has the name of a property of every object', () => {
    const modinfo = parse('__proto__=a\0constructor=b\0toString=c\0');
    expect(Object.entries(modinfo)).toEqual([
      ['__proto__', ['a']],
      ['constructor', ['b']],
      ['toString', ['c']],
    ]);
  });

  it('reads what is not UTF-8 as Latin-1, so that it stays as it is', () => {
    const bytes = Buffer.from('author=J\xf6rg\0license=GPL\0', 'latin1');
    expect(parseModinfo(bytes)).toEqual({ author: ['Jörg'], license: ['GPL'] });
  });

  it('reads UTF-8', () => {
    expect(parse('author=Jürgen Größe 🐧\0')).toEqual({ author: ['Jürgen Größe 🐧'] });
  });

  it('gives nothing for an empty section', () => {
    expect(parse('')).toEqual({});
  });
});

describe('moduleParameters', () => {
  /** As `modinfo -F parm` prints them. */
  const asKmod = ({ name, type, description = '' }: ModuleParameter) =>
    `${name}:${description}${type === undefined ? '' : ` (${type})`}`;

  /** kmod lists the last first. */
  const kmodParameters = (path: string) => kmodValues(path, 'parm').reverse();

  it.each(fixtureModules)('joins the parameters of %s as kmod does', (name) => {
    const parameters = moduleParameters(modinfoOf(fixtureModule(name)));
    expect(parameters.map(asKmod)).toEqual(kmodParameters(fixtureModulePath(name)));
  });

  const cases: [string, string[]][] = [
    ['a type and a description', ['parmtype=a:int', 'parm=a:What it is for']],
    ['a description before its type', ['parm=a:What', 'parmtype=a:array of uint']],
    ['a description alone', ['parm=a:What']],
    ['a type alone', ['parmtype=a:charp']],
    ['an empty description', ['parm=a:', 'parmtype=a:int']],
    ['a description with colons and newlines', ['parm=a:b:c\nd: (int)', 'parmtype=a:int']],
    ['several', ['parm=b:B', 'parmtype=b:int', 'parm=a:A', 'parmtype=a:bool']],
    ['names that begin alike', ['parm=ab:long', 'parm=a:short', 'parmtype=a:int']],
    ['names of properties of every object', ['parm=__proto__:p', 'parmtype=constructor:int']],
    ['two of each, of which it takes the last', ['parm=a:1', 'parmtype=a:int', 'parm=a:2']],
    ['two types, of which it takes the last', ['parm=a:1', 'parmtype=a:int', 'parmtype=a:uint']],
    ['no name', ['parm=:described', 'parmtype=:int']],
  ];
  it.each(cases)('joins %s as kmod does', (_, entries) => {
    const bytes = writeElf({ class: 64, endian: 'little', sections: [modinfoSection(...entries)] });
    const path = join(temporaryDirectory({ 'x.ko': bytes }), 'x.ko');
    expect(moduleParameters(modinfoOf(bytes)).map(asKmod)).toEqual(kmodParameters(path));
  });

  it('leaves out what a module does not say', () => {
    expect(moduleParameters({ parm: ['a:A', 'b:'], parmtype: ['c:int'] })).toEqual([
      { name: 'a', description: 'A' },
      { name: 'b', description: '' },
      { name: 'c', type: 'int' },
    ]);
  });

  it('passes over what has no colon', () => {
    expect(moduleParameters({ parm: ['nothing'], parmtype: ['int', ''] })).toEqual([]);
  });

  it('gives none for a module without parameters', () => {
    expect(moduleParameters({})).toEqual([]);
  });
});
