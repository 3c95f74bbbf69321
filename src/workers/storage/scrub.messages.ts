/** What the scrub in the checkpoint thread tells. */
import type { StoreKind } from './open-database.ts';

export interface ScrubOptions {
  /** Part of one core that it may take, in percent. */
  percent: number;
  /** From the end of one pass to the beginning of the next. */
  intervalMs: number;
}

/** Something that is not as it was committed. */
export interface ScrubDamage {
  /** The block it is in; absent when it belongs to none. */
  block?: number;
  reason: string;
  /** It is in a segment of the archive, and the database itself is whole. */
  isArchived: boolean;
}

/** How far one database is verified. */
export interface ScrubState {
  store: StoreKind;
  /** Blocks that were verified in the pass that is under way; 0 between two. */
  block: number;
  /** Blocks there were at the end of the last full pass, and when that was. */
  passBlocks: number;
  passEndedMs: number | null;
  /** Found in this pass, and in the last one where this one has not been yet. */
  damage: ScrubDamage[];
}
