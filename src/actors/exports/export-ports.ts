import type { BytePath } from '../../protocol/byte-path.ts';
import type { ExportRules } from '../../protocol/export-names.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import type { ExportRow } from '../../protocol/messages.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type {
  ExportPlace,
  FindExportsInput,
  FoundExports,
  IndexedExports,
  IndexedExportsInput,
  LastExport,
} from '../../workers/storage/exports.messages.ts';
import type { ExportsMessage } from '../../workers/storage/ledger.messages.ts';
import type { SettleRules } from './candidates.ts';
import type { ExportDesk } from './export-desk.ts';
import type { ExportNotices } from './export-notices.ts';

/** Threads for the tasks of ExportTasks; `run` rejects when the signal ends it. */
export interface ExportPool {
  run(task: string, input: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** What the ledger says of exports. Reads reject with CodiError, most of them for a moment. */
export interface ExportReader {
  place(): Promise<ExportPlace>;
  find(input: FindExportsInput): Promise<FoundExports>;
  indexed(input: IndexedExportsInput): Promise<IndexedExports>;
  last(path: BytePath): Promise<LastExport | null>;
  row(path: BytePath): Promise<ExportRow | undefined>;
  /** Contents that policy gave up, the newest first, some at once; hex. */
  pruned(): Promise<string[]>;
}

/** Whose work a file is, as far as that can be known. */
export type SessionOf = (file: {
  path: BytePath;
  timeMs: number;
}) => Promise<RecordSession | undefined>;

/** What becomes of an original whose content is kept; a folder: it is moved there. */
export type OriginalsPolicy = 'keep' | 'delete' | { moveTo: BytePath };

export interface ExportSettings extends SettleRules {
  rules: ExportRules;
  sizeLimitBytes: number;
  versionChainCount: number;
  /** 0: for ever. */
  retentionDays: number;
  /** 0: as many as there are. */
  archiveLimitBytes: number;
  originals: OriginalsPolicy;
  pendingLimitCount: number;
  threadsCount: number;
}

export interface ExportsPorts {
  settings: ExportSettings;
  reader: ExportReader;
  /** Takes records in order, keeps them until they are committed. */
  record(message: Omit<ExportsMessage, 'type' | 'batch'> & { onCommitted: () => void }): void;
  /** What was done to an original; the same id is recorded once. False: there is no room for it now. */
  recordAct(act: { id: Buffer; kind: string; subject: string; data: object }): boolean;
  /** What was committed, as it happens. */
  feed: { subscribe(listener: () => void): () => void; head(): { events: number } };
  notices: ExportNotices;
  /** When everything that was on disk at the start is recorded. */
  settled: Promise<void>;
  /** `onFailure`: threads fail for which nobody waits, or cannot start. */
  createPool(onFailure: (error: Error) => void): ExportPool;
  desk: ExportDesk;
  sessionOf: SessionOf;
  telemetry: Telemetry;
}
