/**
 * Makes the picture of the README: runs a real build on a terminal and draws what it printed.
 *   npm run picture
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = fileURLToPath(new URL('..', import.meta.url));
const shown = 'kbuild-ts build examples --kernel debian:bookworm --arch arm64,x86_64';

// script(1) gives the command a terminal, so that it prints in colour. Progress is left out.
const command = `${shown.replace('kbuild-ts', 'bin/kbuild-ts.js')} --no-cache 2>/dev/null`;
const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
  cwd: root,
  env: { TERM: 'xterm-256color', NO_COLOR: '' },
  stdin: 'ignore',
});

const colours: Record<string, string> = {
  '31': '#ff7b72',
  '32': '#7ee787',
  '33': '#d29922',
  '36': '#79c0ff',
};
const size = { line: 19, character: 8.43, margin: 20, title: 34 };

/** One line of a terminal as SVG text: runs of one style each. */
function drawLine(line: string, row: number): string {
  const spans: string[] = [];
  let style = '';

  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const code = /^\x1b\[([0-9;]*)m$/.exec(part)?.[1];
    if (code === undefined) {
      if (part !== '') spans.push(`<tspan${style}>${escape(part)}</tspan>`);
    } else if (code === '1') style = ' font-weight="bold"';
    else if (code === '2') style = ' fill="#8b949e"';
    else style = colours[code] === undefined ? '' : ` fill="${colours[code]}"`;
  }
  const y = size.title + size.margin + row * size.line;
  return `<text x="${size.margin}" y="${y}" xml:space="preserve">${spans.join('')}</text>`;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const lines = [
  `\x1b[2m$\x1b[22m ${shown}`,
  '',
  ...stdout.replaceAll('\r', '').trimEnd().split('\n'),
];

const columns = Math.max(...lines.map((line) => line.replaceAll(/\x1b\[[0-9;]*m/g, '').length));
const width = Math.ceil(columns * size.character + 2 * size.margin);
const height = size.title + lines.length * size.line + 2 * size.margin;
const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
  (fill, i) => `<circle cx="${20 + i * 20}" cy="18" r="6" fill="${fill}"/>`,
);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${dots.join('')}
<g fill="#e6edf3">
${lines.map(drawLine).join('\n')}
</g>
</svg>
`;
mkdirSync(join(root, 'docs/media'), { recursive: true });
writeFileSync(join(root, 'docs/media/build.svg'), svg);
