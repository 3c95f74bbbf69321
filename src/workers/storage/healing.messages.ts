/** What is said of databases that are damaged, and of what was made of them. */

export type DamagedStore = 'ledger' | 'state';

/** Something in a database is not what was written. */
export interface Damage {
  store: DamagedStore;
  /** The block that does not match its leaf, when that is what was found. */
  block?: number;
  reason: string;
}

/** Blocks one after the other of which the same is lost. */
export interface LossSpan {
  firstBlock: number;
  lastBlock: number;
  /** 1: the entries, 2: entries and leaf, 3: the leaf, which was made anew. */
  kind: 1 | 2 | 3;
  /** Entries of those blocks, by stream, where that is known. */
  ranges: { stream: number; first: number; last: number }[];
}

/** What tells repeated messages from new ones, and how much of it is there. */
export interface DedupeFound {
  producers: number;
  recentIds: number;
  /** Ids that a row is missing of, between those that are there. */
  recentIdsMissing: number;
  rootSequences: number;
  recentRequests: number;
}

/** What was made of a damaged database. */
export interface SalvageReport {
  store: DamagedStore;
  /** Blocks of the new database, and those of them that are what was committed. */
  blocks: number;
  whole: number;
  /** Entries that are in the tables again. */
  entries: number;
  /** What is lost, in order; at most some. */
  losses: LossSpan[];
  lostBlocks: number;
  /** What the files themselves say of their state. */
  flaws: string[];
  /** Blocks that were signed, and whether those of the new database are the same ones; null: nothing was signed. */
  signed: number;
  isSignedChain: boolean | null;
  /** Numbers that may have been given away were left out. */
  hasSkippedNumbers: boolean;
  dedupe: DedupeFound;
  /** Entries of lost blocks that can be read and not be proved. */
  unproved: number;
  durationMs: number;
}

/** A salvage, with where the damaged files are now. Kept beside them as JSON until a person moves it away. */
export interface HealReport extends SalvageReport {
  /** RFC 3339. */
  healedAt: string;
  /** Why it was thought to be damaged. */
  reason: string;
  /** Name of the damaged database in the data directory; its log is beside it. */
  quarantine: string;
  /** Name of the file with the unproved entries; null when there are none. */
  unprovedFile: string | null;
}

/** Sent by a writer's thread: while it cannot serve yet, and when it goes on with damage that it may not heal now. */
export type HealingNews =
  | { type: 'unhealed'; store: DamagedStore; reason: string }
  | { type: 'healing'; store: DamagedStore; reason: string; share: number }
  | { type: 'healed'; report: HealReport };

/** Given to every thread that opens the databases beside their writers: see StoreGate. */
export const GATE_WORDS = 12;
