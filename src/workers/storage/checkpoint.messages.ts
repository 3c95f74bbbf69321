/** What the main thread and the checkpoint thread say to each other. */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { ScrubReport } from './scrub.ts';
import type { ScrubOptions, ScrubState } from './scrub.messages.ts';

/** Given to the thread as workerData (or as its `data`). */
export interface CheckpointOptions {
  dataDir: string;
  /** Int32 counters of commits: [0] ledger.db, [1] state.db. */
  commits: SharedArrayBuffer | Int32Array;
  /** Keeps it from opening what is being replaced: see StoreGate. */
  gate?: Int32Array;
  /** While commits happen. Default 20. */
  intervalMs?: number;
  /** While nothing happens. Default 500. */
  idleIntervalMs?: number;
  /** Absent: nothing is verified in the background. */
  scrub?: ScrubOptions;
}

/** How long the write-ahead logs are. */
export interface WalSizes {
  ledgerWalBytes: number;
  stateWalBytes: number;
  /** Of both, what could not be moved into the databases because somebody reads an older state of them. */
  heldWalBytes: number;
}

export type ToCheckpointer = { type: 'stop' };

/** `sizes` comes at most once a second, and only when they changed. */
export type FromCheckpointer =
  | { type: 'sys.ready' }
  | { type: 'sys.startFailed'; code: ErrorCode; message: string }
  | ({ type: 'sizes' } & WalSizes)
  /** Where the scrub begins after a start, and what each piece of it found. */
  | { type: 'scrubStates'; states: ScrubState[] }
  | ({ type: 'scrubbed' } & ScrubReport)
  /** The thread exits with code 1 after it. */
  | { type: 'fatal'; code: ErrorCode; message: string };
