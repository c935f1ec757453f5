import { describe, expect, it } from 'vitest';
import { xterm } from '../../../test/support/terminal.js';
import { Screen, type Line } from './screen.js';

const line = (text: string): Line => ({ text, width: text.length });

/** A screen on a terminal of xterm.js. */
function screenOn(columns: number, rows: number) {
  const terminal = xterm({ columns, rows });
  const written: string[] = [];
  const stream = {
    columns,
    rows,
    write(data: string | Uint8Array) {
      written.push(String(data));
      return true;
    },
  };
  const screen = new Screen(stream as unknown as NodeJS.WriteStream);
  const shown = async () => {
    for (const data of written.splice(0)) await terminal.write(data);
    return terminal.everything();
  };
  const resize = async (to: { columns: number; rows: number }) => {
    await shown();
    terminal.resize(to);
    Object.assign(stream, to);
  };
  return { screen, shown, resize, stream, terminal, written };
}

describe('Screen', () => {
  it('changes lines in place', async () => {
    const { screen, shown } = screenOn(40, 10);
    screen.draw([], [line('one'), line('two')]);
    expect(await shown()).toEqual(['one', 'two']);
    screen.draw([], [line('1'), line('two and a half'), line('three')]);
    expect(await shown()).toEqual(['1', 'two and a half', 'three']);
    screen.draw([], [line('alone')]);
    expect(await shown()).toEqual(['alone']);
    screen.draw([], []);
    expect(await shown()).toEqual([]);
  });

  it('writes above them what stays, however long it is, and whatever scrolls away', async () => {
    const { screen, shown, terminal } = screenOn(20, 6);
    const expected: string[] = [];
    for (let i = 0; i < 20; i++) {
      screen.draw([`told ${i}`], [line(`running ${i}`), line('status')]);
      expected.push(`told ${i}`);
    }
    screen.draw(['x'.repeat(50)], [line('status')]);
    expect(await shown()).toEqual([
      ...expected,
      ...['x'.repeat(20), 'x'.repeat(20), 'x'.repeat(10), 'status'],
    ]);
    expect(terminal.screen()).toHaveLength(6);
  });

  it('writes nothing where nothing has changed', async () => {
    const { screen, shown, written } = screenOn(40, 10);
    screen.draw([], [line('one')]);
    await shown();
    screen.draw([], [line('one')]);
    expect(written).toEqual([]);
  });

  it('leaves no rests on a terminal that becomes narrower, or wider', async () => {
    const { screen, shown, resize } = screenOn(40, 12);
    screen.draw(['told'], [line('a'.repeat(39)), line('b'.repeat(39)), line('status')]);
    await resize({ columns: 15, rows: 12 }); // which breaks the lines
    screen.draw([], [line('a'.repeat(14)), line('b'.repeat(14)), line('status')]);
    expect(await shown()).toEqual(['told', 'a'.repeat(14), 'b'.repeat(14), 'status']);
    await resize({ columns: 60, rows: 12 });
    screen.draw([], [line('a'.repeat(50)), line('status')]);
    expect(await shown()).toEqual(['told', 'a'.repeat(50), 'status']);
  });

  it('shows what others write when it is closed, and the cursor', async () => {
    const { screen, shown, stream, terminal } = screenOn(40, 10);
    screen.draw([], [line('one'), line('status')]);
    stream.write('from elsewhere\n');
    screen.draw([], [line('two'), line('status')]);
    expect(await shown()).toEqual(['two', 'status']);
    expect(terminal.cursorHidden()).toBe(true);
    screen.close();
    stream.write('after');
    const text = await shown();
    expect(text.slice(0, 2)).toEqual(['two', 'status']);
    expect(text).toContain('from elsewhere');
    expect(text.at(-1)).toBe('after');
    expect(terminal.cursorHidden()).toBe(false);
  });

  it('leaves nothing to the end of the process once it is closed', () => {
    const before = process.listenerCount('exit');
    const { screen } = screenOn(40, 10);
    expect(process.listenerCount('exit')).toBe(before + 1);
    screen.close();
    expect(process.listenerCount('exit')).toBe(before);
  });
});
