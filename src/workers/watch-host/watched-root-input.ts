import type { BytePath } from '../../protocol/byte-path.ts';
import type { AheadSlots } from './ahead-slots.ts';
import type { WatchHostPorts } from './host-ports.ts';
import type { FromWatchHost, HostCounters, RootOptions } from './watch-host.messages.ts';

export interface WatchedRootInput {
  readonly root: number;
  readonly path: BytePath;
  readonly options: RootOptions;
  readonly ports: WatchHostPorts;
  readonly counters: HostCounters;
  readonly aheadSlots: AheadSlots;
  emit(message: FromWatchHost): void;
  wake(): void;
  /** A hint came; whoever counts them for the whole process notices a flood. */
  onHint(): void;
  /** Hints may have been lost, of any root of the process. */
  onFlood(): void;
}
