import type { EventRow } from '../../protocol/messages.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

/** Lines go out of here. `write` rejects when they cannot now; the same bytes again go on where it ended. */
export interface LineSink {
  /** Shown to people. */
  readonly name: string;
  /** The number of the last line that is there: 0 in an empty file, undefined where nobody can know. */
  open(): Promise<number | undefined>;
  write(lines: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Where events are written, and how. */
export interface EventLog {
  readonly sink: LineSink;
  readonly lineOf: (row: EventRow) => string;
  /** A file that is new begins with the newest event; anything else with the next one. */
  readonly isFile: boolean;
}

export interface EventLogPorts {
  logs: readonly EventLog[];
  /** Recorded events behind a number, in order. Rejects with CodiError, mostly for a moment. */
  readEvents(afterSeq: number, limit: number): Promise<EventRow[]>;
  /** What was committed, as it happens. */
  feed: { subscribe(listener: () => void): () => void; head(): { events: number } };
  telemetry: Telemetry;
}
