import { z } from 'zod';

const kernelVersion = z
  .string()
  .regex(/^\d+(\.\d+){0,2}$/, 'a version of a kernel is written 6.1 or 6.1.90');

const patchSchema = z.strictObject({
  file: z.string().describe('The patch, relative to this file; applied with -p1'),
  match: z
    .string()
    .optional()
    .describe('Extended regular expression: apply it for kernel releases that it matches'),
});

/** What a package says of itself. */
export const aboutShape = {
  maintainer: z
    .string()
    .regex(/^[^<>\p{C}]+ <[^<>\s@\p{C}]+@[^<>\s@\p{C}]+>$/u, 'write Name <address@example.com>')
    .optional()
    .describe('Maintainer of the packages'),
  description: z.string().min(1).optional().describe('Its first line is the summary'),
  homepage: z
    .string()
    .regex(/^https?:\/\/[^\s\p{C}]+$/u, 'write https://…')
    .optional()
    .describe('Where the project is found'),
};

/** What the DKMS package of a project is made with, besides what the project says anyway. */
export const dkmsPackageSchema = z
  .strictObject({
    location: z
      .string()
      .regex(
        /^\/(kernel|updates|extra)(\/[\w.+-]+)*$/,
        'modules are installed below /kernel, /updates or /extra',
      )
      .optional()
      .describe('Where modules go in /lib/modules/<release>; default: /updates/dkms'),
    patches: z
      .array(z.union([z.string(), patchSchema]))
      .optional()
      .describe('Patches that dkms applies to the sources before it builds'),
    buildExclusive: z
      .strictObject({
        kernelMin: kernelVersion.optional().describe('Oldest kernel that it builds for'),
        kernelMax: kernelVersion.optional().describe('Newest kernel that it builds for'),
        config: z
          .array(z.string().regex(/^!?CONFIG_[A-Za-z0-9_]+$/, 'write CONFIG_X, or !CONFIG_X'))
          .optional()
          .describe('Options that the kernel must have, with ! that it must not have'),
      })
      .optional()
      .describe('Kernels that dkms does not build it for'),
    ...aboutShape,
  })
  .describe('How this project is packaged for DKMS');

export type DkmsPackageConfig = z.infer<typeof dkmsPackageSchema>;
