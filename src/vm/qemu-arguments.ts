import type { Arch } from '../arch/arch.js';

/** How a guest's instructions are carried out: translated, or by the processor itself. */
export type Accelerator = 'tcg' | 'kvm';

export interface MachineRequest {
  arch: Arch;
  /** Files, in the paths of who runs QEMU. */
  kernel: string;
  initramfs: string;
  memoryBytes: number;
  cpus: number;
  /** More parameters for the kernel. */
  commandLine: readonly string[];
  accelerator: Accelerator;
}

/**
 * The arguments of QEMU for a guest without any device but a serial console, which is its standard
 * output. It ends when the guest reboots, which a panic does at once.
 */
export function qemuArguments(request: MachineRequest): string[] {
  const { qemu } = request.arch;
  return [
    ...['-machine', qemu.machine, '-accel', request.accelerator],
    ...['-cpu', request.accelerator === 'kvm' ? 'host' : qemu.cpu],
    ...['-smp', String(request.cpus), '-m', `${Math.ceil(request.memoryBytes / 2 ** 20)}`],
    ...['-nodefaults', '-no-reboot', '-no-user-config', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', request.kernel, '-initrd', request.initramfs],
    ...['-append', kernelParameters(request).join(' ')],
  ];
}

/** As `readConsoleLine` and templates/vm/init want it; what the user says counts for more. */
function kernelParameters({ arch, commandLine }: MachineRequest): string[] {
  return [
    `console=${arch.qemu.console}`,
    'console_msg_format=syslog',
    'printk.time=1',
    'printk.devkmsg=on', // no limit to what programs say
    'panic=-1',
    'quiet',
    'cryptomgr.notests=1', // init turns them on again
    ...(arch.qemu.parameters ?? []),
    ...commandLine,
  ];
}
