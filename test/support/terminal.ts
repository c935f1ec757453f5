import { Terminal } from '@xterm/headless';
import { execa } from 'execa';

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Told of each screen, with what types on the keyboard. */
  onScreen?: (screen: string[], type: (keys: string) => void) => void;
}

/** A terminal of xterm.js, and what a reader sees on it. */
export function xterm({ columns = 80, rows = 24 }: TerminalOptions = {}) {
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback: 100_000,
    allowProposedApi: true,
    convertEol: true, // as the kernel's terminals do
  });
  let hidden = false; // DECTCEM
  for (const final of ['h', 'l']) {
    terminal.parser.registerCsiHandler({ prefix: '?', final }, (parameters) => {
      if (parameters.includes(25)) hidden = final === 'l';
      return false; // the terminal's own handler does the rest
    });
  }
  const lines = (from: number): string[] => {
    const { active } = terminal.buffer;
    const all = Array.from(
      { length: active.length - from },
      (_, i) => active.getLine(from + i)?.translateToString(true) ?? '',
    );
    while (all.at(-1) === '') all.pop();
    return all;
  };
  return {
    write: (data: string | Uint8Array) =>
      new Promise<void>((resolve) => {
        terminal.write(data, resolve);
      }),
    resize: (to: { columns: number; rows: number }) => {
      terminal.resize(to.columns, to.rows);
    },
    cursor: () => ({ x: terminal.buffer.active.cursorX, y: terminal.buffer.active.cursorY }),
    cursorHidden: () => hidden,
    /** What stands on the screen, without the empty lines at its end. */
    screen: () => lines(terminal.buffer.active.baseY),
    /** The same with all that was scrolled away. */
    everything: () => lines(0),
  };
}

/** Runs a command of a shell on a terminal of script(1); every screen that it showed, and the last. */
export async function onTerminal(command: string, options: TerminalOptions = {}) {
  const { columns = 80, rows = 24, env, cwd, onScreen } = options;
  const terminal = xterm(options);
  const screens: string[][] = [];
  const child = execa(
    'script',
    ['-qec', `stty cols ${columns} rows ${rows}; exec ${command}`, '/dev/null'],
    {
      env: { TERM: 'xterm', SHELL: '/bin/sh', CI: '', NO_COLOR: '1', ...env },
      ...(cwd !== undefined && { cwd }),
      encoding: 'buffer',
      reject: false,
      stdin: onScreen === undefined ? 'ignore' : 'pipe',
    },
  );
  const type = (keys: string) => child.stdin?.write(keys);
  for await (const chunk of child.iterable({ binary: true })) {
    await terminal.write(chunk);
    screens.push(terminal.screen());
    onScreen?.(terminal.screen(), type);
  }
  const { exitCode, stdout } = await child;
  return {
    exitCode,
    cursorHidden: terminal.cursorHidden(),
    screens,
    text: terminal.everything(),
    raw: Buffer.from(stdout).toString(),
  };
}
