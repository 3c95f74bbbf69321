/** What the main thread and the notary's thread say to each other. */
import type { DirectoryIdentity } from './held-directory.ts';
import type { ErrorCode, WireError } from '../../protocol/errors.ts';
import type { Damage } from './healing.messages.ts';
import type { StoreKind } from './open-database.ts';
import type { Alarm } from './audit/audit-files.ts';
import type { KnownBreak } from './audit/known-breaks.ts';

/** Given to the thread as workerData (or as its `data`). */
export interface NotaryOptions {
  dataDir: string;
  /** Which directory that has to be: in another one there is nothing to sign, and no key to be made. */
  directory?: DirectoryIdentity;
  /** Int32 counters of commits: [0] ledger.db, [1] state.db. */
  commits: SharedArrayBuffer | Int32Array;
  /** Name of this node in checkpoints: the origin of a database is `<origin>/<database>`. */
  origin: string;
  /** Keeps it from opening what is being replaced: see StoreGate. */
  gate?: Int32Array;
  /** Default: `audit/key` in the data directory. */
  keyFile?: string;
  /** A checkpoint at least so long after the first commit it covers. Default 1,000. */
  intervalMs?: number;
  /** And at least after so many blocks. Default 1,000. */
  blocks?: number;
  /** How often a note is kept for good. Default one hour. */
  historyIntervalMs?: number;
  /** How many of them, per database. Default 720. */
  historyCount?: number;
}

export interface ProveCommand {
  type: 'prove';
  database: StoreKind;
  /** Number of the stream in the ledger format. */
  stream: number;
  number: number;
  /** Where in the canonical bytes of the block to begin. */
  offset: number;
}

export type NotaryCommand = { type: 'head' } | ProveCommand;

/** What is signed of one database. */
export interface DatabaseHead {
  database: StoreKind;
  /** The signed note; null when there is none that holds. */
  checkpoint: string | null;
  /** Blocks under it. */
  size: number;
  signedAtMs: number | null;
  /** Blocks that are stored; null while they are being read. */
  blocks: number | null;
}

export interface NotaryHead {
  databases: DatabaseHead[];
  /** Lines of key.pub. */
  keys: string[];
  alarms: Alarm[];
  /** Where a chain was set back on purpose. */
  breaks: KnownBreak[];
}

/** All that a proof bundle is made from; binary parts are base64. */
export interface ProofParts {
  block: number;
  leaf: string;
  /** A piece of the block's canonical bytes, and where the next begins. */
  canonical: string;
  next: number | null;
  treeSize: number;
  path: string[];
  checkpoint: string;
}

export type ToNotary = { type: 'request'; id: number; command: NotaryCommand } | { type: 'stop' };

export type FromNotary =
  | { type: 'sys.ready' }
  | { type: 'signed'; database: StoreKind; size: number; atMs: number }
  /** `isNew` is false for one that was found by an earlier run. */
  | { type: 'alarm'; alarm: Alarm; isNew: boolean }
  /** A database cannot be read, or lacks a block. */
  | { type: 'damage'; damage: Damage }
  /** Why nothing can be signed at the moment, null when it can again. */
  | { type: 'trouble'; reason: string | null }
  | { type: 'notice'; text: string }
  | { type: 'answer'; id: number; ok: true; result: NotaryHead | ProofParts }
  | { type: 'answer'; id: number; ok: false; error: WireError & { code: ErrorCode } };
