import type { BytePath } from '../../protocol/byte-path.ts';
import type { AheadDisk } from './ahead-disk.ts';
import type { Disk } from './disk.ts';
import type { HintListener, HintSource } from './hints.ts';
import type { InotifyList } from './inotify-list.ts';
import type { WatchBudget } from './watch-budget.ts';
import type { RootOptions } from './watch-host.messages.ts';

export type Timer = { readonly id: unknown };

/** Time for the host; the same shape as the supervisor's clock. */
export interface HostClock {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number;
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
  setImmediate(callback: () => void): void;
}

export interface HintFactory {
  create(
    kind: 'fs' | 'parcel',
    root: BytePath,
    options: RootOptions,
    listener: HintListener,
  ): HintSource;
}

/** All a watch host needs from outside. */
export interface WatchHostPorts {
  readonly clock: HostClock;
  readonly disk: Disk;
  readonly aheadDisk: AheadDisk;
  readonly hints: HintFactory;
  /** File watches this process may hold. */
  readonly budget: WatchBudget;
  /** Its watches as the kernel lists them; undefined where there is no such list. */
  readInotifyList(): Promise<InotifyList | undefined>;
  /** The file systems it sees, as proc(5) lists them; undefined where there is no such list. */
  readMounts(): Promise<string | undefined>;
  /** Resident memory and open descriptors of this process. */
  measure(): { memoryBytes: number; descriptors: number };
}
