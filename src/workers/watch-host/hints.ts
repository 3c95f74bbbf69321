import type { BytePath } from '../../protocol/byte-path.ts';
import type { HintType } from './hint-traces.ts';
import type { PathNode } from './path-tree.ts';

/** 'added': watched from now on, so it has to be looked through once more. */
export type WatchState = 'watched' | 'added' | 'unwatched';

/**
 * Where hints come from. A hint says "look there", nothing more; it may be late, doubled or missing. Directories
 * are named by their index entry, so that a watch stays right when the directory moves.
 */
export interface HintSource {
  readonly kind: 'fs' | 'parcel';
  /** Watches are placed when this resolves; rejects when native watching does not work here. */
  start(): Promise<void>;
  /** Makes sure that changes directly in this directory give hints. */
  ensure(directory: PathNode, path: BytePath): WatchState;
  /** Whether this directory has a watch of its own. */
  has(directory: PathNode): boolean;
  /** Whether hints about this directory should come, by a watch of its own or by the recursive one. */
  covers(directory: PathNode): boolean;
  drop(directory: PathNode): void;
  /** The directory, with all below it, has another path now. */
  moved(directory: PathNode): void;
  /** A hint named the directory itself. Whether all below it has to be looked through and watched anew. */
  doubt(directory: PathNode): boolean;
  /** Every directory was looked through since the start; `directories` gives all of them with their paths. */
  swept(directories: Iterable<{ node: PathNode; path: BytePath }>): void;
  /** Directories watched one by one. */
  readonly watchCount: number;
  /** No hint is given after this; resolves when the system has everything back. */
  close(): Promise<void>;
}

export interface HintListener {
  /** `name` changed in `directory`, as `type` says where the source knows; null: something did. */
  onHint(directory: PathNode, name: string | null, type?: HintType): void;
  /** Something changed at this absolute path. */
  onPath(path: BytePath): void;
  /** Something changed somewhere below this absolute path. */
  onSubtree(path: BytePath): void;
  /** Hints may be missing; the source goes on. */
  onLost(reason: string): void;
  /** The source goes on, but should be made anew to see everything. */
  onStale(): void;
  /** No watch is left for a directory that was to get one; those there are go on. */
  onExhausted(reason: string): void;
  /** It holds more watches than it may. */
  onUnaffordable(reason: string): void;
  /** Native watching does not work (any more); the source is of no use. */
  onTrouble(reason: string): void;
}
