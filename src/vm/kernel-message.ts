/** A line of the kernel's log. */
export interface KernelMessage {
  /** Since the guest's boot. Seconds; absent where the line tells none. */
  seconds?: number;
  /** 0 emergency … 7 debug, as linux/kern_levels.h; absent where the line tells none. */
  level?: number;
  text: string;
}
