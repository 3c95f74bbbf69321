import type { BytePath } from '../../protocol/byte-path.ts';
import type { HintFactory, HostClock } from './host-ports.ts';
import type { HintListener } from './hints.ts';
import type { PathNode } from './path-tree.ts';
import type { RootOptions } from './watch-host.messages.ts';

export interface HintKeeperEvents extends Omit<
  HintListener,
  'onTrouble' | 'onStale' | 'onExhausted' | 'onUnaffordable'
> {
  /** More directories than may have a watch of their own; told once. */
  onTooMany(): void;
  /** Sweeps find what hints should have told. */
  onDisbelieved(): void;
  /** Hints come from elsewhere now: everything is to be looked at, and watched, again. */
  onReplaced(): void;
  /** Source, mode or reason changed. */
  onStatus(): void;
}

export interface HintKeeperInput {
  readonly root: BytePath;
  readonly options: RootOptions;
  /** Only one directory is watched, so its own watch does. */
  readonly isFlat: boolean;
  /** Why native watching is not even tried. */
  readonly pollReason: string | undefined;
  readonly clock: HostClock;
  readonly factory: HintFactory;
  /** Where a directory is now. */
  absolute(directory: PathNode): BytePath;
}
