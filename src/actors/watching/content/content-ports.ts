import type { BytePath } from '../../../protocol/byte-path.ts';
import type { FileEventRecord, IndexRow } from '../../../protocol/file-event.ts';
import type { FileEvents } from '../../../protocol/packed-events.ts';
import type { CellContext } from '../../../supervisor/index.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { HashInput, HashResult } from '../../../workers/hashing/hashing.messages.ts';

/** What is read of watched files; see the `monitor.checksum…` keys. */
export interface ContentSettings {
  /** A file up to this size is read before its change is recorded … */
  readonly atOnceBytes: number;
  /** … if it takes no longer than this. */
  readonly waitMs: number;
  readonly maxBytes: number;
  /** A file that keeps changing is read at most once in this time. */
  readonly intervalMs: number;
  /** Most bytes per second of what is read later. */
  readonly rateBytes: number;
  readonly owedMax: number;
}

/** Where files are read; both resolve to undefined when they cannot be read now. */
export interface ContentReader {
  atOnce(input: HashInput): Promise<HashResult | undefined>;
  later(input: HashInput): Promise<HashResult | undefined>;
}

/** Of a watcher, for the content of its root's files. */
export interface ContentPorts {
  /** Absolute. */
  readonly root: BytePath;
  /** The same as people read it. */
  readonly shown: string;
  readonly settings: ContentSettings;
  readonly reader: ContentReader;
  readonly cell: Pick<CellContext, 'scope' | 'clock'>;
  readonly telemetry: Telemetry;
  /** Passes a batch of the host on, in order. */
  record(batch: number, events: FileEvents): void;
  /** Records checksums that came later, of files that are as they were. */
  recordChecksums(events: FileEventRecord[], onCommitted: () => void): void;
  /** A page of the recorded index; see WatcherPorts. */
  loadIndex(after: BytePath | undefined, limit: number): Promise<IndexRow[]>;
  /** Other files wait for their checksums than before, or none do any more. */
  onOwed(count: number): void;
}
