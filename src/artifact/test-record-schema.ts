import { z } from 'zod';

/** The part of the manifest that says what came of loading modules in a booted kernel. */

export const reasonCodes = [
  'MODULE_REFUSED',
  'REFUSAL_MISSING',
  'REFUSAL_OTHER',
  'NOT_REACHED',
  'HANG',
  'FLOOD',
  'PANIC',
  'VM_LOST',
  'KERNEL_REPORT',
  'TAINTED',
  'LEFT_BEHIND',
  'UNLOAD_REFUSED',
  'MESSAGE_MISSING',
  'MESSAGE_FORBIDDEN',
  'PARAMETER_DIFFERS',
  'PARAMETER_UNREADABLE',
  'SCRIPT_FAILED',
  'SCRIPT_NOT_RUN',
  'NOT_REPEATED',
] as const;

const message = z.strictObject({
  seconds: z.number().optional().describe("Since the guest's boot"),
  level: z.int().optional().describe('0 emergency … 7 debug'),
  text: z.string(),
});

const taint = z.strictObject({
  value: z.number().nonnegative().describe('As /proc/sys/kernel/tainted has it'),
  letters: z.string().describe('Of the flags that are set: OE'),
});

const report = z.strictObject({
  kind: z.enum([
    'panic',
    'oops',
    'bug',
    'warning',
    'kasan',
    'ubsan',
    'kcsan',
    'kmemleak',
    'lockdep',
    'rcu',
    'hung-task',
    'lockup',
    'atomic',
    'page',
    'list',
  ]),
  title: z.string(),
  stack: z.array(
    z.strictObject({
      text: z.string().describe('As the kernel prints it'),
      source: z.string().optional().describe('File and line, where debug information tells'),
      interrupted: z
        .literal(true)
        .optional()
        .describe('Where it was stopped; of the others, where they return to'),
    }),
  ),
  lines: z.array(message),
});

export const caseResultSchema = z.strictObject({
  name: z.string(),
  verdict: z.enum(['passed', 'failed']),
  reasons: z
    .array(z.strictObject({ code: z.enum(reasonCodes), text: z.string() }))
    .describe('Why it failed; docs/test.md has the codes'),
  end: z.enum(['completed', 'hang', 'flood', 'panic', 'lost']),
  repetitions: z.int().nonnegative().describe('How often all was loaded and unloaded'),
  milliseconds: z.number().nonnegative(),
  modules: z.array(
    z.strictObject({
      module: z.string(),
      role: z.enum(['tested', 'needed']),
      outcome: z
        .enum(['loaded', 'no device', 'refused', 'unfinished', 'not reached'])
        .describe(
          'no device: it answered that its hardware is not there (ENODEV, ENXIO); unfinished: loading it began and did not end',
        ),
      error: z.string().optional().describe('What the kernel refused it with: ENODEV'),
      milliseconds: z.number().nonnegative().optional().describe('Of its loading'),
      parameters: z
        .record(z.string(), z.string())
        .describe('As sysfs showed them while it was loaded'),
      messages: z.array(message).describe('What the kernel said while it was loaded'),
    }),
  ),
  requests: z
    .array(
      z.strictObject({
        name: z.string().describe('Name or alias, as asked for'),
        during: z.string().optional().describe('Module that was loaded or unloaded meanwhile'),
        loads: z
          .array(z.strictObject({ module: z.string(), error: z.string().optional() }))
          .describe('What was loaded for it'),
        isUnknown: z
          .literal(true)
          .optional()
          .describe('No module that the case may load is called so'),
      }),
    )
    .describe('That the kernel asked for a module, as request_module does'),
  script: z
    .strictObject({
      exitCode: z.int().optional().describe('Absent where it did not end'),
      output: z.array(z.string()),
      messages: z.array(message),
    })
    .optional(),
  unloads: z.array(
    z.strictObject({
      module: z.string(),
      error: z.string().optional(),
      milliseconds: z.number().nonnegative(),
      messages: z.array(message),
    }),
  ),
  taint: z.strictObject({ before: taint, after: taint }),
  leftBehind: z
    .array(z.string())
    .describe('What is there after the last unload, and was not before the first load'),
  reports: z.array(report).describe('BUG, WARNING, Oops and the like, in order'),
  tail: z.array(message).describe('The last lines before an end that is not completed'),
});

export const testCaseRecordSchema = caseResultSchema.extend({
  log: z
    .string()
    .optional()
    .describe('The console of its virtual machine; relative to the output directory'),
});

export const testRecordSchema = z
  .strictObject({
    job: z.string().describe('Id of the job whose modules were loaded'),
    project: z.string(),
    release: z.string().describe('Kernel release'),
    arch: z.string(),
    kernelImage: z.string().optional().describe('The image that was booted'),
    accelerator: z.enum(['tcg', 'kvm']).optional(),
    qemu: z.string().optional().describe('Version of QEMU'),
    bootMilliseconds: z
      .number()
      .nonnegative()
      .optional()
      .describe('From the start of QEMU to the first step of a case'),
    error: z
      .strictObject({ code: z.string(), message: z.string(), hint: z.string() })
      .optional()
      .describe('Why nothing could be tried, or not all'),
    cases: z.array(testCaseRecordSchema),
  })
  .describe('What came of loading the modules of a job in the kernel that they were built for');

export type CaseResult = z.infer<typeof caseResultSchema>;
export type TestCaseRecord = z.infer<typeof testCaseRecordSchema>;
export type TestRecord = z.infer<typeof testRecordSchema>;
