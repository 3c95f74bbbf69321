import type { Retold } from '../../protocol/content-move.ts';
import type { BytePath } from '../../protocol/byte-path.ts';
import {
  countEvents,
  FILE_EVENT_COST_BYTES,
  type FileEvents,
} from '../../protocol/packed-events.ts';
import type {
  ActRecord,
  EntriesMessage,
  ExportsMessage,
  ToLedger,
} from '../../workers/storage/ledger.messages.ts';
import type { SharedSlab } from './slab-pool.ts';

export interface OpenedRoot {
  rootId: number;
  lastSequence: number;
  /** The ledger had not heard of it. */
  isNew: boolean;
}

export interface EntriesItem {
  kind: 'entries';
  message: EntriesMessage;
  /** What the message's bytes are in; given back once it is answered. */
  slab: SharedSlab;
}
export interface FileEventsItem {
  kind: 'fileEvents';
  rootId: number;
  rootPath: BytePath;
  sequence: number;
  events: FileEvents;
  isAboutContent?: boolean;
  /**
   * `firstSeq`: the number that the first event has got; none when the ledger had the batch already. `retold`: what was
   * recorded otherwise than it was given.
   */
  onCommitted: (firstSeq?: number, retold?: Retold) => void;
}
export interface ActItem {
  kind: 'acts';
  acts: ActRecord[];
}
/** Captured files, with the place in the events up to which nothing is left to do. */
export interface ExportsItem extends Omit<ExportsMessage, 'type' | 'batch'> {
  kind: 'exports';
  onCommitted: () => void;
}
export interface RootItem {
  kind: 'openRoot';
  rootPath: BytePath;
  onDone: (opened: OpenedRoot) => void;
  /** Changes of the root that were offered before it were refused meanwhile: its answer will not count them. */
  isOvertaking: boolean;
}

/** A message to the ledger that has no answer yet. */
export type Item = (EntriesItem | FileEventsItem | RootItem | ActItem | ExportsItem) & {
  batch: number;
  /** What it counts for in the limits of the buffer. */
  bytes: number;
  /** What it takes of the ledger thread's time, as bytes of entries do. */
  costBytes: number;
  frameCount: number;
};

export function costOf(item: FileEventsItem | RootItem | ActItem | ExportsItem, bytes: number) {
  return item.kind === 'fileEvents' ? countEvents(item.events) * FILE_EVENT_COST_BYTES : bytes;
}

export function messageOf(item: Item): ToLedger {
  switch (item.kind) {
    case 'entries':
      return item.message;
    case 'fileEvents': {
      const { batch, rootId, rootPath, sequence, events, isAboutContent } = item;
      const message = { type: 'fileEvents', batch, rootId, rootPath, sequence, events } as const;
      return isAboutContent === true ? { ...message, isAboutContent } : message;
    }
    case 'acts':
      return { type: 'acts', batch: item.batch, acts: item.acts };
    case 'exports': {
      const { batch, records, cursor, pruned } = item;
      return { type: 'exports', batch, records, cursor, pruned };
    }
    case 'openRoot':
      return { type: 'openRoot', batch: item.batch, rootPath: item.rootPath };
  }
}

/** Whether `other` holds changes of the same root that were offered before. */
export function isBehind(root: Item & RootItem, other: Item): boolean {
  return (
    other.kind === 'fileEvents' && other.batch < root.batch && other.rootPath === root.rootPath
  );
}

export function byBatch(one: Item, two: Item): number {
  return one.batch - two.batch;
}
