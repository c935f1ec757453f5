import { z } from 'zod';
import { aboutShape } from './dkms-package-schema.js';

const moduleName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, 'a module name has letters, digits, _ and - only');

/** A line of modprobe.d: what ends it would begin another command. */
const line = z.string().regex(/^[^\p{Cc}]*$/u, 'write it as one line of plain text');

const softdepSchema = z
  .strictObject({
    pre: z.array(moduleName).optional().describe('Modules that are loaded before it'),
    post: z.array(moduleName).optional().describe('Modules that are loaded after it'),
  })
  .describe('Modules that go with it, whether or not it uses their symbols');

export const packageSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9+.-]+$/, 'write lower-case letters, digits and + . -')
      .optional()
      .describe("What the names of packages begin with; default: made of the project's name"),
    ...aboutShape,
    license: z
      .string()
      .regex(/^[A-Za-z0-9.+() -]+$/, 'write an SPDX expression, such as GPL-2.0-only')
      .optional()
      .describe('SPDX expression; default: what MODULE_LICENSE says'),
    directory: z
      .string()
      .regex(
        /^(kernel|updates|extra)(\/[\w+-][\w.+-]*)*$/,
        'modules are installed below kernel, updates or extra',
      )
      .optional()
      .describe('Where modules go in /lib/modules/<release>; default: updates'),
    strip: z
      .boolean()
      .optional()
      .describe('Take the debug information off modules, as modules_install does; default: true'),
    compress: z
      .enum(['auto', 'none', 'gzip', 'xz', 'zstd'])
      .optional()
      .describe("How modules are compressed; default: auto, as the kernel's configuration says"),
    autoload: z
      .array(moduleName)
      .optional()
      .describe('Modules that are loaded at boot (modules-load.d)'),
    options: z
      .record(moduleName, line)
      .optional()
      .describe('Parameters that modprobe gives a module: example: "size=4 mode=rw"'),
    blacklist: z
      .array(moduleName)
      .optional()
      .describe('Modules whose aliases modprobe does not follow'),
    softdep: z.record(moduleName, softdepSchema).optional(),
    initramfs: z
      .boolean()
      .optional()
      .describe('Put the modules into the initramfs when the package is installed; default: false'),
  })
  .describe('What packages of the built modules are made with');

export type PackageConfig = z.infer<typeof packageSchema>;
