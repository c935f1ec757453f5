import { z } from 'zod';
import { durationInMs, sizeInBytes } from '../data/quantity.js';
import { isErrnoName } from '../kernel/errno.js';

const value = z.union([z.string(), z.number(), z.boolean()]);
const moduleParameters = z.record(z.string(), z.record(z.string(), value));

function regularExpressionError(text: string): string | undefined {
  try {
    new RegExp(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const regularExpression = z.string().superRefine((text, context) => {
  const message = regularExpressionError(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const expectSchema = z
  .strictObject({
    refused: z
      .union([z.literal(true), z.string()])
      .refine((text) => text === true || text === 'blacklisted' || isErrnoName(text), {
        error: ({ input }) =>
          `${JSON.stringify(input)} is not the name of an error: true for any, or EINVAL, ENOENT, EKEYREJECTED and the like; or blacklisted, of an alias`,
      })
      .optional()
      .describe(
        "Loading the last module must fail: with this error (EINVAL), or with any (true); those before it must load. blacklisted: nothing that 'alias' stands for is loaded, since modprobe.d has it on its blacklist",
      ),
    parameters: moduleParameters
      .optional()
      .describe('What sysfs must show while the modules are loaded, by module and parameter'),
    messages: z
      .array(regularExpression)
      .optional()
      .describe('Regular expressions: each must match a line of the kernel log of the case'),
    noMessages: z
      .array(regularExpression)
      .optional()
      .describe('Regular expressions: none may match a line of the kernel log of the case'),
  })
  .describe('What the case is held to besides what always counts');

export const testCaseSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{C}]{1,100}$/u, 'a name of a case has 1 to 100 characters that can be printed')
      .describe('Name of the case'),
    load: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Modules in the order in which they are loaded; default: all of the project'),
    dependencies: z
      .boolean()
      .optional()
      .describe(
        'Load first what these modules need, also from other projects and from the kernel; default: true',
      ),
    by: z
      .enum(['insmod', 'modprobe'])
      .optional()
      .describe(
        "As whom: insmod (the modules alone), or modprobe (with softdeps, options, aliases and blacklist of 'modprobe'); default: insmod",
      ),
    alias: z
      .string()
      .min(1)
      .optional()
      .describe('Load what this modalias stands for, as udev would, in place of named modules'),
    parameters: moduleParameters
      .optional()
      .describe('Parameters to load with, by module: true and false are Y and N'),
    expect: expectSchema.optional(),
    script: z
      .string()
      .optional()
      .describe(
        'Shell script that runs in the guest while the modules are loaded, relative to this file; 0 is good',
      ),
    repeat: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('How often all is loaded and unloaded; default: 1'),
    isolated: z.boolean().optional().describe('Give it a virtual machine of its own'),
  })
  .superRefine(({ alias, load, by, expect }, context) => {
    if (alias === undefined) {
      if (expect?.refused !== 'blacklisted') return;
      const message = `the blacklist is one of aliases: name one with 'alias'`;
      context.addIssue({ code: 'custom', path: ['expect', 'refused'], message });
      return;
    }
    const other = load !== undefined ? 'load' : by === 'insmod' ? 'by' : undefined;
    if (other === undefined) return;
    const message = `what 'alias' stands for is found as modprobe finds it: leave '${other}' out`;
    context.addIssue({ code: 'custom', path: [other], message });
  })
  .describe('One thing that is tried in a booted kernel');

export const testSchema = z
  .strictObject({
    memory: z
      .string()
      .refine((text) => sizeInBytes(text) !== undefined, { error: 'not a size such as 512m or 2g' })
      .optional()
      .describe('Memory of a virtual machine; default: 512m'),
    cpus: z.int().min(1).max(64).optional().describe('CPUs of a virtual machine; default: 1'),
    timeout: z
      .string()
      .refine((text) => durationInMs(text) !== undefined, {
        error: 'not a duration such as 20s or 2m',
      })
      .optional()
      .describe('How long a step (a load, the script, an unload) may take; default: 20s'),
    commandLine: z
      .array(z.string().regex(/^[\x21-\x7e]+$/, 'a parameter of the kernel has no blanks'))
      .optional()
      .describe('More parameters for the kernel, for example module.sig_enforce=1'),
    modprobe: z
      .string()
      .optional()
      .describe('A file, or a directory of *.conf files, as in /etc/modprobe.d; relative'),
    cases: z
      .array(testCaseSchema)
      .min(1)
      .superRefine((cases, context) => {
        const names = cases.map(({ name }) => name);
        const i = names.findIndex((name, at) => names.indexOf(name) !== at);
        if (i < 0) return;
        const message = `there are two cases of the name '${names[i] ?? ''}'`;
        context.addIssue({ code: 'custom', path: [i, 'name'], message });
      })
      .optional()
      .describe('What is tried; default: all modules are loaded and unloaded, one case'),
  })
  .describe('How kbuild-ts test tries the modules in a booted kernel');

export type TestConfig = z.infer<typeof testSchema>;
