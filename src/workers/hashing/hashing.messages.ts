/**
 * Tasks of the pool that reads files for their checksums: `pool.run(input, { name: 'hashFiles' })`. What cannot be read
 * is an outcome, not a failure.
 */
import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexStat } from '../../protocol/file-event.ts';

/** Given to the pool as workerData. */
export interface HashingOptions {
  /** Nothing in it is opened, nor is a file of it under another name. */
  dataDir: string;
  /** Int32: [0] becomes 1, with a notify, when tasks are to end. */
  stop: Int32Array;
}

/** A file as the index has it: only this very content is read. */
export interface FileToHash {
  /** Relative to the root; '' when the root is the file. */
  path: BytePath;
  stat: IndexStat;
}

export interface HashInput {
  /** Absolute. */
  root: BytePath;
  files: readonly FileToHash[];
  /** What is not read by then is `late`. */
  budgetMs: number;
  /** Most bytes per second; a file counts at least MIN_FILE_BYTES. Absent: as fast as it goes. */
  rateBytes?: number;
}

/**
 * Why there is no checksum. `changed`: it is not, or did not stay, the file of the index, or is not there; `unreadable`:
 * the system refuses; `forbidden`: it is the data directory's, or not below the root; `late`: there was no time.
 */
export type Unread = 'changed' | 'unreadable' | 'forbidden' | 'late';

export interface HashOutcome {
  checksum?: Uint8Array;
  unread?: Unread;
  /** How much of it was read, whatever came of it. */
  bytes: number;
}

export interface HashResult {
  /** One for each file, in their order. */
  outcomes: HashOutcome[];
  durationMs: number;
}

export interface HashTasks {
  hashFiles(input: HashInput): HashResult;
}
