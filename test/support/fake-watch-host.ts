import type { WatchedRoot } from '#codi/actors/watching/root-table.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexRow } from '#codi/protocol/file-event.js';
import { unpackIndex } from '#codi/protocol/index-page.js';
import type {
  FromWatchHost,
  RootOptions,
  RootStatus,
  ToWatchHost,
} from '#codi/workers/watch-host/watch-host.messages.js';
import type { VirtualHost } from './virtual-environment.ts';

export const ROOT_OPTIONS: RootOptions = {
  recursive: true,
  patterns: [],
  ignore: [],
  useDefaultIgnores: true,
  hintSource: 'auto',
  directoryBudget: 1,
  settleMs: 1,
  settleMaxMs: 1,
  sweepIntervalMs: 1,
  coalesceMs: 1,
  deny: [],
};

/** What a host says of one root, without the number of its watch. */
export type HostWord = FromWatchHost extends infer Message
  ? Message extends { root: number }
    ? Omit<Message, 'root'>
    : never
  : never;

export const WATCHED_STATUS: RootStatus = {
  ...{ files: 3, directories: 1, polledDirectories: 0 },
  ...{ hintSource: 'fs', mode: 'native' },
};

export function watchedRoot(root: number, path: BytePath): WatchedRoot {
  return {
    root,
    path,
    recursive: true,
    patterns: [],
    isPersistent: true,
    createdAtMs: 0,
    state: 'starting',
    mode: 'native',
    hintSource: 'none',
    polledDirectories: 0,
    reason: undefined,
    host: 'host-1',
    files: 0,
    directories: 0,
    owed: 0,
  };
}

/** A change of one path; the size stands for its content, none for a deleted path. */
export function change(path: string, size: number | null): FileEventRecord {
  const stat = size === null ? null : statOf(size);
  const event = size === null ? 'delete' : 'update';
  return {
    seconds: 1,
    nanos: 0,
    event,
    path: path as BytePath,
    kind: 'file',
    size,
    seen: 'native',
    stat,
  };
}

function statOf(size: number) {
  return { dev: 1n, ino: 1n, size, mtimeNs: 0n, ctimeNs: 0n, mode: 0, nlink: 1 };
}

export function indexRow(path: string, size: number): IndexRow {
  return { path: path as BytePath, kind: 'file', stat: statOf(size) };
}

/** Paths and their content, as recorded events leave them. */
export function foldChanges(events: readonly FileEventRecord[]): Map<string, number> {
  const files = new Map<string, number>();
  for (const { path, size } of events) {
    if (size === null) files.delete(path);
    else files.set(path, size);
  }
  return files;
}

interface Watch {
  path: BytePath;
  index: Map<string, number>;
  isLoaded: boolean;
  isScanned: boolean;
  sent: number;
  acked: number;
  syncs: number[];
}

const WINDOW_BATCHES = 4;

/**
 * A watch host over pretended disks: it reports how a disk differs from its index, in numbered batches, at
 * most a window of them unacknowledged. Both ways to and from it take as long as the test likes.
 */
export class FakeWatchHost {
  readonly host: VirtualHost;
  readonly #disks: Map<BytePath, Map<string, number>>;
  readonly #watches = new Map<number, Watch>();
  readonly incoming: ToWatchHost[] = [];
  readonly outgoing: FromWatchHost[] = [];
  /** The most batches that ever waited for their acknowledgement. */
  widest = 0;
  /** Something arrived that cannot be. */
  readonly faults: string[] = [];

  constructor(host: VirtualHost, disks: Map<BytePath, Map<string, number>>) {
    this.host = host;
    this.#disks = disks;
    host.onPost = (message) => void this.incoming.push(message as ToWatchHost);
  }

  ready(): void {
    this.host.emit({ type: 'sys.ready' });
  }

  /** Reads the next message of its parent. */
  read(): void {
    const message = this.incoming.shift();
    if (!message) return;
    switch (message.type) {
      case 'limits':
        break;
      case 'watch':
        this.#watches.set(message.root, {
          path: message.path,
          index: new Map(),
          isLoaded: false,
          isScanned: false,
          sent: 0,
          acked: 0,
          syncs: [],
        });
        break;
      case 'index': {
        const watch = this.#watches.get(message.root);
        if (!watch) break;
        for (const { path, stat } of unpackIndex(message.page)) watch.index.set(path, stat.size);
        watch.isLoaded ||= message.done;
        break;
      }
      case 'ack':
        this.#ack(message.root, message.batch);
        break;
      case 'unwatch':
        this.#watches.delete(message.root);
        break;
      case 'sync':
        this.#watches.get(message.root)?.syncs.push(message.id);
        break;
      case 'stop':
        this.host.exit();
    }
  }

  /** Looks at the disk of every root: some changes, then what was waiting for them. */
  work(batchEvents: number): void {
    for (const [root, watch] of this.#watches)
      if (watch.isLoaded) this.#look(root, watch, batchEvents);
  }

  /** Its parent hears one message. */
  tell(): void {
    const message = this.outgoing.shift();
    if (message && !this.host.hasExited) this.host.emit(message);
  }

  get roots(): number[] {
    return [...this.#watches.keys()];
  }

  #look(root: number, watch: Watch, batchEvents: number): void {
    const disk = this.#disks.get(watch.path) ?? new Map<string, number>();
    const events: FileEventRecord[] = [];
    for (const [path, size] of disk)
      if (watch.index.get(path) !== size) events.push(change(path, size));
    for (const path of watch.index.keys()) if (!disk.has(path)) events.push(change(path, null));
    while (events.length > 0) {
      if (watch.sent - watch.acked >= WINDOW_BATCHES) return;
      const batch = events.splice(0, batchEvents);
      for (const { path, size } of batch) {
        if (size === null) watch.index.delete(path);
        else watch.index.set(path, size);
      }
      watch.sent += 1;
      this.widest = Math.max(this.widest, watch.sent - watch.acked);
      this.outgoing.push({ type: 'changes', root, batch: watch.sent, events: batch });
    }
    const { size: files } = watch.index;
    const status = { ...WATCHED_STATUS, files };
    if (!watch.isScanned) this.outgoing.push({ type: 'watching', root, durationMs: 1, ...status });
    watch.isScanned = true;
    for (const id of watch.syncs.splice(0))
      this.outgoing.push({ type: 'synced', root, id, batch: watch.sent });
  }

  #ack(root: number, batch: number): void {
    const watch = this.#watches.get(root);
    if (!watch) return;
    if (batch > watch.sent) this.faults.push(`batch ${batch} acknowledged, ${watch.sent} sent`);
    if (batch <= watch.acked) this.faults.push(`batch ${batch} acknowledged again`);
    watch.acked = batch;
  }
}
