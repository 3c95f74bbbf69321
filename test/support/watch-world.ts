import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexRow } from '#codi/protocol/file-event.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { unpackEvents } from '#codi/protocol/packed-events.js';
import { WatchBudget } from '#codi/workers/watch-host/watch-budget.js';
import { createWatchHost, type WatchHost } from '#codi/workers/watch-host/host.js';
import type { HintFactory, HostClock, Timer } from '#codi/workers/watch-host/host-ports.js';
import type {
  FromWatchHost,
  HostLimits,
  RootOptions,
} from '#codi/workers/watch-host/watch-host.messages.js';
import { ColdDisk } from './cold-disk.ts';
import { FakeDisk, type FakeInode } from './fake-disk.ts';
import { FakeHints } from './fake-hints.ts';
import { FileEventFold } from './fold-file-events.ts';

export const ROOT_OPTIONS: RootOptions = {
  recursive: true,
  patterns: [],
  ignore: [],
  useDefaultIgnores: true,
  hintSource: 'fs',
  directoryBudget: 8_192,
  settleMs: 150,
  settleMaxMs: 1_000,
  sweepIntervalMs: 300_000,
  coalesceMs: 10,
  deny: [],
};

/** Time that only goes on when told to. */
export class ManualClock implements HostClock {
  #timeMs = 0;
  #nextId = 1;
  readonly #timers = new Map<number, { dueMs: number; callback: () => void }>();
  #immediates: (() => void)[] = [];

  nowMs(): number {
    return 1_700_000_000_000 + this.#timeMs;
  }

  /** Each look at the clock takes a little time, so that slices end. */
  monotonicMs(): number {
    return (this.#timeMs += 0.05);
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const id = this.#nextId++;
    this.#timers.set(id, { dueMs: this.#timeMs + delayMs, callback });
    return { id };
  }

  clearTimeout({ id }: Timer): void {
    this.#timers.delete(id as number);
  }

  setImmediate(callback: () => void): void {
    this.#immediates.push(callback);
  }

  /** One turn of the event loop; false when there was nothing to do at this time. */
  turn(): boolean {
    const due = [...this.#timers].filter(([, { dueMs }]) => dueMs <= this.#timeMs);
    const immediates = this.#immediates;
    this.#immediates = [];
    for (const [id, { callback }] of due) if (this.#timers.delete(id)) callback();
    for (const callback of immediates) callback();
    return due.length + immediates.length > 0;
  }

  /** Time goes by, and nobody got to do anything. */
  standStill(forMs: number): void {
    this.#timeMs += forMs;
  }

  advance(byMs: number): void {
    const endMs = this.#timeMs + byMs;
    for (let turns = 0; ; turns++) {
      if (turns > 1_000_000) throw new Error('the host never comes to rest');
      if (this.turn()) continue;
      const nextMs = Math.min(...[...this.#timers.values()].map(({ dueMs }) => dueMs));
      if (nextMs > endMs) break;
      this.#timeMs = Math.max(this.#timeMs, nextMs);
    }
    this.#timeMs = Math.max(this.#timeMs, endMs);
  }
}

/** A watch host over a disk in memory, driven step by step. */
export class WatchWorld {
  readonly disk = new FakeDisk();
  readonly clock = new ManualClock();
  /** What is between the host and the disk. */
  readonly cold = new ColdDisk(this.disk, this.clock);
  readonly messages: FromWatchHost[] = [];
  readonly fold = new FileEventFold();
  readonly events: FileEventRecord[] = [];
  readonly host: WatchHost;
  readonly hints: FakeHints[] = [];
  /** Whether batches are acknowledged as they come. */
  isAcking = true;
  lastBatch = 0;
  /** File watches the system allows. */
  systemWatches = 1_000_000;
  /** Whether the kernel's list has anything to do with what is watched. */
  isListing = true;
  /** Inode numbers in the kernel's list beside those of the watches. */
  readonly strayInodes = new Set<bigint>();

  constructor() {
    this.disk.create('/root', 'dir');
    this.disk.onChange = (inode, name, type) => {
      for (const source of this.hints) source.changed(inode, name, type);
    };
    const factory: HintFactory = {
      create: (kind, _root, _options, listener) => {
        const source = new FakeHints(this.disk, listener, budget, kind);
        this.hints.push(source);
        return source;
      },
    };
    const budget = new WatchBudget(
      () => this.systemWatches,
      () => this.clock.monotonicMs(),
    );
    const ports = {
      ...{ clock: this.clock, disk: this.cold, aheadDisk: this.cold, hints: factory, budget },
      readInotifyList: async () => [this.#inotifyList()],
      readMounts: async () => undefined,
      measure: () => ({ memoryBytes: 1, descriptors: 1 }),
    };
    this.host = createWatchHost(ports, (message) => this.#onMessage(message));
  }

  /** Watches '/root' and waits until it is scanned. */
  async watch(options: Partial<RootOptions> = {}, rows: IndexRow[] = []): Promise<void> {
    for (const { path, kind, stat } of rows) this.fold.entries.set(path, { kind, stat });
    this.host.receive({
      type: 'watch',
      root: 1,
      path: bytePathFromUtf8('/root'),
      options: { ...ROOT_OPTIONS, ...options },
    });
    this.host.receive({ type: 'index', root: 1, page: packIndex(rows).bytes, done: true });
    await this.pass(100);
  }

  /** To be called before a root is watched. */
  limitReadAhead(readAhead: HostLimits['readAhead']): void {
    const watches = { hosts: 1, watchSharePercent: 100, watchesCount: 1_000_000 };
    const limits = { ...watches, coverageIntervalMs: 30_000, readAhead };
    this.host.receive({ type: 'limits', limits });
  }

  /** Lets asynchronous starts happen, delivers all hints and lets time go by. */
  async pass(byMs: number): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await promisesRun();
      this.deliver();
      this.clock.advance(byMs / 4);
    }
    await promisesRun();
    this.deliver();
  }

  deliver(count = Infinity, isLost: () => boolean = () => false): void {
    for (const source of [...this.hints]) source.deliver(count, isLost);
  }

  sync(id: number, paths?: string[]): void {
    const relative = paths?.map((path) => bytePathFromUtf8(path));
    this.host.receive({ type: 'sync', root: 1, id, ...(relative && { paths: relative }) });
  }

  /** What was told since the last call, as short lines. */
  takeEvents(): string[] {
    return this.events
      .splice(0)
      .map(({ event, path, from }) =>
        from === undefined ? `${event} ${path}` : `${event} ${from} > ${path}`,
      );
  }

  of<Type extends FromWatchHost['type']>(type: Type): Extract<FromWatchHost, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<FromWatchHost, { type: Type }> => message.type === type,
    );
  }

  /** What is on the disk below the root, less the default ignores: `kind ino mode` by path. */
  walk(): Map<string, string> {
    const found = new Map<string, string>();
    const visit = (inode: FakeInode, prefix: string) => {
      for (const [name, child] of inode.children ?? []) {
        if (name === '.git') continue;
        found.set(prefix + name, shown(child.kind, child));
        visit(child, `${prefix}${name}/`);
      }
    };
    const root = this.disk.find('/root');
    if (root) visit(root, '');
    return sorted(found);
  }

  index(): Map<string, string> {
    return sorted(
      new Map(this.host.root(1)!.index.map(({ path, kind, stat }) => [path, shown(kind, stat)])),
    );
  }

  folded(): Map<string, string> {
    return sorted(
      new Map([...this.fold.entries].map(([path, { kind, stat }]) => [path, shown(kind, stat)])),
    );
  }

  /** As proc(5) has it; the pretended disk is device 0:7. */
  #inotifyList(): string {
    const inodes = new Set(this.strayInodes);
    for (const source of this.isListing ? this.hints : [])
      for (const { ino } of source.listed()) inodes.add(ino);
    const lines = [...inodes].map((ino, index) => {
      const names = `wd:${index.toString(16)} ino:${ino.toString(16)} sdev:7`;
      return `inotify ${names} mask:800afce ignored_mask:0 fhandle-bytes:8 fhandle-type:1`;
    });
    return ['pos:\t0', 'flags:\t02004000', ...lines, ''].join('\n');
  }

  #onMessage(message: FromWatchHost): void {
    this.messages.push(message);
    if (message.type !== 'changes') return;
    if (message.root !== 1) {
      const { root, batch } = message;
      this.clock.setImmediate(() => this.host.receive({ type: 'ack', root, batch }));
      return;
    }
    if (message.batch !== ++this.lastBatch) throw new Error(`batch ${message.batch} out of order`);
    for (const event of unpackEvents(message.events)) {
      this.events.push(event);
      this.fold.apply(event);
    }
    if (this.isAcking) this.ack();
  }

  ack(): void {
    const batch = this.lastBatch;
    this.clock.setImmediate(() => this.host.receive({ type: 'ack', root: 1, batch }));
  }
}

export function promisesRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Directories are known by identity and mode; their times change with every entry. */
function shown(
  kind: string,
  stat: { ino: bigint; mode: number; size: number; mtimeNs: bigint; ctimeNs: bigint },
): string {
  const { ino, mode, size, mtimeNs, ctimeNs } = stat;
  return kind === 'dir'
    ? `dir ${ino} ${mode}`
    : `${kind} ${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`;
}

function sorted(map: Map<string, string>): Map<string, string> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
