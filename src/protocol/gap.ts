import type { FileEventKind } from './file-event.ts';

/**
 * Why what is known of a root, or of a part of it, was in doubt for a while. docs/watching.md says of each when it
 * begins and ends.
 */
export const GAP_REASONS = [
  'daemon_down',
  'not_watched',
  'settings_changed',
  'watcher_restarted',
  'host_crashed',
  'host_stalled',
  'overflow_suspected',
  'clock_jump',
  'hints_replaced',
  'poll',
  'watches_exhausted',
  'blind_directories',
  'root_gone',
  'unmounted',
  'unreadable',
] as const;

export type GapReason = (typeof GAP_REASONS)[number];

/** How many changes, by kind, no hint had led to. Kinds without any are left out. */
export type Found = Partial<Record<FileEventKind, number>>;

/** Kinds of the acts that a gap leaves in the ledger; their subject is the root as it is shown. */
export const GAP_ACTS = { opened: 'watch.gap_opened', closed: 'watch.gap_closed' } as const;

/** What the opening act says beside its subject. */
export interface GapOpening {
  /** 32 hex digits: the id of the opening act. */
  gap: string;
  reason: GapReason;
  /** Bytes of the root in base64, when its name is not UTF-8. */
  root_b64?: string;
  /** The part of the root, relative to it; absent: all of it. */
  path?: string;
  path_b64?: string;
  detail?: string;
  /** From when on it is in doubt, RFC 3339; may lie before the act. */
  opened: string;
  /** The last file event before it. */
  after_seq: number;
}

/** What the closing act says: all that the opening one does, and what was found. */
export interface GapClosing extends GapOpening {
  closed: string;
  found: Found;
  /** Numbers of the first and last of the events that are counted in `found`. */
  first_seq?: number;
  last_seq?: number;
  /** How many times it was suspected; more than one when it came again at once. */
  times: number;
}
