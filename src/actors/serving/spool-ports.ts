import type { SpoolFileName } from '../../protocol/spool-line.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { ConnectionAnswers } from '../../workers/storage/ledger.messages.ts';
import type { IngestPort, SessionPort } from './ports.ts';
import type { SpoolDesk } from './spool-desk.ts';

/** A file of the spool that waits. */
export interface SpoolFileRef extends SpoolFileName {
  bytes: number;
  /** When it was written last, Unix milliseconds. */
  writtenMs: number;
}

/** What is in the folder. */
export interface SpoolListing {
  /** Those of one writer in the order in which it wrote them. */
  files: SpoolFileRef[];
  rejectedFiles: number;
  /** Things that are no spool files, by name; left alone. */
  foreign: string[];
  /** Why the folder is not read at all. */
  problem?: string;
}

/** A line that could not be ingested. */
export interface RejectedLine {
  /** From 1. */
  line: number;
  reason: string;
  bytes: Buffer;
}

/** A file that nobody else reads, and to which nothing is added that counts. */
export interface SpoolReader {
  /** Some bytes in order; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  /** Numbers of lines that were kept aside before, when this file was read and not finished. */
  asideLines(): Promise<ReadonlySet<number>>;
  /** Keeps lines beside the file; resolves when they are on disk. */
  setAside(lines: readonly RejectedLine[]): Promise<void>;
  /** Everything is in the ledger or kept aside: the file goes. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** The spool folder. Its content is not trusted: `open` takes regular files of our own alone. */
export interface SpoolFolder {
  list(): Promise<SpoolListing>;
  /** Takes the file from its writer and opens it; undefined when it is gone. Throws with the reason. */
  open(file: SpoolFileRef): Promise<SpoolReader | undefined>;
}

export type SpoolSessions = Pick<SessionPort, 'start' | 'end'>;

export interface SpoolsPorts {
  folder: SpoolFolder;
  ingest: Omit<IngestPort, 'isCrowdedBy' | 'whenTakenFrom'>;
  sessions: SpoolSessions;
  desk: SpoolDesk;
  /** Registers where the ledger's answers for this connection go; returns the removal. */
  register(connection: number, deliver: (answers: ConnectionAnswers) => void): () => void;
  telemetry: Telemetry;
  /** Of records that name no other. */
  identity: { tenantId: string | null; userId: string | null };
  newId(): string;
  now(): Timestamp;
  limits: {
    scanIntervalMs: number;
    writers: number;
    lines: number;
    /** Most bytes that the ledger's queue takes at all. */
    ingestBytes: number;
  };
}
