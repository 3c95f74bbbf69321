/** What a command asks of the thread that looks after a data directory; answers as on the wire where both exist. */
import type { BodyOf } from './messages.ts';

/** A file of the archive as its own header and index describe it. */
export interface SegmentFile {
  file: string;
  bytes: number;
  first_block: number;
  last_block: number;
  entries: number;
  /** First and last number; null: none. */
  logs: readonly [number, number] | null;
  file_events: readonly [number, number] | null;
  first_committed_ms: number;
  last_committed_ms: number;
  /** Earliest and latest second of the log entries in each part of the file. */
  parts: (readonly [number, number] | null)[];
  /** Why it cannot be read. */
  damaged: string | null;
}

export interface StoreCalls {
  /** Oldest first; read from the files alone, also while a daemon runs. */
  segments(input: object): SegmentFile[];
  /** Lines of the blocks and entries in one part of a file. */
  part(input: { file: string; part: number }): string[];
  /** Checks a file against its own leaves and sum. */
  checkSegment(input: {
    file: string;
  }): { ok: true; blocks: number; entries: number } | { ok: false; block?: number; reason: string };
  stats(input: object): BodyOf<'StoreStatus'>;
  backup(input: { directory: string; nowMs: number }): Promise<BodyOf<'StoreBackedUp'>>;
  restore(input: {
    directory: string;
    mayReplace: boolean;
    nowMs: number;
    /** Of the key that signs checkpoints, when it is not the data directory's own. */
    auditKeyFile?: string | undefined;
  }): {
    backup: BodyOf<'StoreBackedUp'>;
    /** Where what was there before is now. */
    aside?: string;
  };
  /** Writes the store anew under a new key, the one that is set when it is plain, or none. */
  rekey(input: { newKey?: Uint8Array; isDecrypting: boolean; nowMs: number }): Promise<{
    /** Ids of the keys; absent: plain. */
    from?: string;
    to?: string;
    /** False: it was so already. */
    is_changed: boolean;
    blocks: number;
    segments: number;
  }>;
  /** Opens a content of `exports/` by its SHA-256 in hex, to be read beside a daemon. */
  openContent(input: { checksum: string }): number;
  /** Its next piece; null: that was all, and it was what was captured. */
  readContent(input: { id: number }): Promise<Uint8Array | null>;
  /** What is wrong with a content; null: nothing. */
  checkContent(input: { checksum: string }): Promise<string | null>;
  /** Looks for damage in the databases and heals it; with `isCheck` it only looks. */
  repair(input: { isCheck: boolean; nowMs: number }): Promise<RepairedStore[]>;
}

/** A database as `codi store repair` found it, and what was made of it. */
export interface RepairedStore {
  store: 'ledger' | 'state';
  /** What is damaged; nothing: it is sound. */
  damage: string[];
  healed?: {
    entries: number;
    blocks: number;
    lost_blocks: number;
    is_signed_chain: boolean | null;
    /** Name of the damaged file in the data directory. */
    quarantine: string;
    /** Entries of lost blocks that can be read and not be proved, and the file beside it that they are in. */
    unproved_entries: number;
    unproved_file: string | null;
  };
}
