import type { reasonCodes } from '../artifact/test-record-schema.js';

/** What to do next, by the first reason of a case that failed. */
const steps: Record<(typeof reasonCodes)[number], string> = {
  MODULE_REFUSED:
    "'kbuild-ts verify' says what of the module this kernel does not take; if it is to be refused, say so: expect: { refused: … }.",
  REFUSAL_MISSING: 'Let the module check its parameters in its init function, or mend the case.',
  REFUSAL_OTHER: 'Mend the error that the module returns, or the one that the case expects.',
  NOT_REACHED:
    'Let the case have what it lacks; where a module before it found no device, give each a case of its own.',
  HANG: 'Look where it waits; if it only takes long, raise --timeout (test: timeout:).',
  FLOOD: 'Let it print less: pr_warn_once, or pr_warn_ratelimited.',
  PANIC:
    'The stack in the log says where. The first report is the cause, later ones may follow from it.',
  VM_LOST: 'Read the log; give the virtual machine more memory with --memory (test: memory:).',
  KERNEL_REPORT: 'The first place in the stack that is in your module is where to look.',
  TAINTED: 'Find in the log when the flag was set.',
  LEFT_BEHIND: 'Remove it in the exit function, and where init fails.',
  UNLOAD_REFUSED: 'Give the module an exit function, and let go of what holds it.',
  MESSAGE_MISSING:
    "'--verbose' shows all that the kernel said; is the level below the one that is logged?",
  MESSAGE_FORBIDDEN: "'--verbose' shows all that the kernel said.",
  PARAMETER_DIFFERS: 'A bool reads as Y or N, an array with commas; does the module change it?',
  PARAMETER_UNREADABLE:
    'Only a parameter with permissions (0444, not 0) is in sysfs, and only while it is loaded.',
  SCRIPT_FAILED:
    'It is run by the sh of BusyBox, with the programs of BusyBox alone: let it begin with set -x.',
  SCRIPT_NOT_RUN: 'Read the log: the guest ended before.',
  NOT_REPEATED: 'Read the log: the guest ended before.',
};

export const nextStep = (code: keyof typeof steps): string => steps[code];
