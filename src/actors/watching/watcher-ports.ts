import type { Retold } from '../../protocol/content-move.ts';
import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexRow } from '../../protocol/file-event.ts';
import type { IndexPage } from '../../protocol/index-page.ts';
import type { FileEvents } from '../../protocol/packed-events.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { RootOptions } from '../../workers/watch-host/watch-host.messages.ts';
import type { ContentReader, ContentSettings } from './content/content-ports.ts';
import type { HostNews, HostRouter } from './host-router.ts';
import type { SyncRequest } from './pending-syncs.ts';
import type { RootTable } from './root-table.ts';
import type { WatcherGapsPorts } from './watcher-gaps.ts';
import type { WorkingSessions } from './with-sessions.ts';

/** The ledger as a watcher sees it: a queue that keeps order and outlives the watcher. */
export interface RootLedgerPort {
  openRoot(
    rootPath: BytePath,
    onDone: (opened: { rootId: number; lastSequence: number; isNew: boolean }) => void,
  ): void;
  offerFileEvents(batch: {
    rootId: number;
    rootPath: BytePath;
    sequence: number;
    events: FileEvents;
    /** See FileEventsMessage. */
    isAboutContent?: boolean;
    /** `firstSeq`: see FileEventsItem. */
    onCommitted: (firstSeq?: number, retold?: Retold) => void;
  }): void;
}

export interface WatcherPorts extends WatcherGapsPorts {
  ledger: RootLedgerPort;
  router: HostRouter;
  table: RootTable;
  telemetry: Telemetry;
  sessions: WorkingSessions;
  /** Asks for a host for recursive watchers: the root is assigned to one, or told to stay. */
  moveToRecursiveHost(root: number): void;
  /** A page of the recorded index after `afterPath` in path order; fewer rows than the limit mean the end. */
  indexPage(rootPath: BytePath, afterPath: BytePath | undefined, limit: number): Promise<IndexPage>;
  /** How many directories it has; of more than `limit` so many are counted. */
  countDirectories(rootPath: BytePath, limit: number): Promise<number>;
  /** The same pages as rows, with checksums. */
  loadIndex(
    rootPath: BytePath,
    afterPath: BytePath | undefined,
    limit: number,
  ): Promise<IndexRow[]>;
  /** Where files are read, and how much of them; absent: not at all. */
  content?: { reader: ContentReader; settings: ContentSettings } | undefined;
}

export interface WatcherInput {
  root: number;
  path: BytePath;
  options: RootOptions;
}

export type WatcherMessage =
  | HostNews
  | SyncRequest
  /** There is no host for recursive watchers: it does without, where it was before. */
  | { type: 'stay' };
