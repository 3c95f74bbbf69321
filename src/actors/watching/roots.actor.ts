/**
 * Knows which paths are watched and why: those stored by `codi watch add` and those given at start. It starts
 * the hosts and one watcher per root and takes requests to add and remove. It comes last in its supervisor, so
 * whenever hosts or watchers are replaced as a whole it starts again and builds them anew.
 */
import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorRef, ActorSpec, CellContext, ChildSpec } from '../../supervisor/index.ts';
import type { RootOptions } from '../../workers/watch-host/watch-host.messages.ts';
import { countOf } from './count-of.ts';
import type { GapBook, LeftOpen } from './gap-book.ts';
import {
  hostFor,
  hostId,
  hostKind,
  kindFor,
  recursiveHost,
  withoutRecursive,
  type Placement,
} from './host-placement.ts';
import { patientRead } from './patient-read.ts';
import { syncRoots, type Reply, type SyncRootsRequest } from './sync-roots.ts';
import { rootsMachine } from './roots.machine.ts';
import type { RootTable, WatchedRoot } from './root-table.ts';
import type { WatcherInput, WatcherMessage } from './watcher-ports.ts';
/** A path somebody wants watched; `patterns` empty means every file. */
export interface RootRequest {
  path: BytePath;
  recursive: boolean;
  patterns: readonly string[];
  /** Polled, whatever would work. */
  isPolled?: boolean;
}
export interface StoredRoot extends RootRequest {
  createdAtMs: number;
}

export type RootsMessage =
  | { type: 'add'; request: RootRequest; reply: Reply<{ path: BytePath; isNew: boolean }> }
  | { type: 'remove'; path: BytePath; reply: Reply<{ path: BytePath }> }
  | SyncRootsRequest
  /** From a watcher whose root needs a recursive watcher after all. */
  | { type: 'moveToRecursiveHost'; root: number };

export interface RootsPorts {
  table: RootTable;
  gaps: GapBook;
  /** Gaps that the ledger has open. */
  loadGaps(): Promise<LeftOpen[]>;
  /** Paths given at start; they are not stored. */
  initial: readonly RootRequest[];
  /** Watched as well, and not stored; one that is missing is taken up when it is there. */
  extra?: readonly RootRequest[];
  store: {
    list(): Promise<StoredRoot[]>;
    add(root: RootRequest): Promise<void>;
    remove(path: BytePath): Promise<boolean>;
  };
  children: {
    /** Does nothing when it is there already. */
    startHost(id: string): Promise<void>;
    stopHost(id: string): Promise<void>;
    assignHost(root: number, host: string): void;
    startWatcher(input: WatcherInput): Promise<void>;
    stopWatcher(path: BytePath): Promise<void>;
    watcher(path: BytePath): ActorRef<WatcherMessage>;
  };
  /** The real path of an existing directory or file; CODI_PATH_INVALID or CODI_PATH_DENIED otherwise. */
  resolvePath(path: BytePath): Promise<BytePath>;
  options(request: RootRequest): RootOptions;
  /** Most hosts of each kind. */
  hostCount: number;
  /** Whether recursive watchers are the better ones from the start. */
  prefersRecursive: boolean;
}

const EXTRA_LOOK_MS = 10_000;

export function rootsSpec(ports: RootsPorts): ActorSpec<RootsMessage> & ChildSpec {
  // What was given at start outlives incarnations: resolved once, because the path may be gone by the next one.
  const given: GivenRoots = {
    requests: ports.initial,
    areResolved: false,
    dropped: new Set(),
  };
  return {
    type: 'worker',
    id: 'roots',
    startTimeoutMs: 30_000,
    backoff: { minMs: 100, maxMs: 10_000, factor: 2, jitter: 0.2, resetAfterMs: 60_000 },
    budget: { maxRestarts: 5, withinMs: 60_000, onExhausted: 'retrySlow' },
    start: (cell) => new Roots(cell, ports, given).behaviour(),
  };
}

interface GivenRoots {
  requests: readonly RootRequest[];
  areResolved: boolean;
  /** No longer wanted by whoever asked for it. */
  dropped: Set<BytePath>;
}

class Roots {
  readonly #cell: CellContext<RootsMessage>;
  readonly #ports: RootsPorts;
  readonly #given: GivenRoots;
  /** Requests run one after the other, so two adds of one path cannot race. */
  #turn: Promise<void> = Promise.resolve();
  #nextRoot = 1;

  constructor(cell: CellContext<RootsMessage>, ports: RootsPorts, given: GivenRoots) {
    this.#cell = cell;
    this.#given = given;
    this.#ports = ports;
    cell.scope.defer('watchers', () => this.#stopAll());
  }

  behaviour() {
    return behaviour({
      machine: rootsMachine,
      effects: {
        'effect.load': () => this.#run(() => this.#load()),
        'effect.serveWaiting': () => {
          this.#ports.table.markLoaded();
          if (this.#ports.extra?.length)
            this.#cell.scope.every(EXTRA_LOOK_MS, () => this.#run(() => this.#watchExtra()));
        },
      },
      receive: (message: RootsMessage) => this.#handle(message),
      status: () => ({ note: countOf(this.#ports.table.all().length, 'root') }),
    });
  }

  /** Queues a step; a failing one crashes this actor, and the next incarnation builds everything anew. */
  #run(step: () => Promise<void>): void {
    const crash = this.#cell.scope.wrap((error: unknown) => this.#cell.crash(error));
    this.#turn = this.#turn.then(step).catch(crash);
  }

  async #load(): Promise<void> {
    const { store, children, hostCount, table } = this.#ports;
    const hostUp = hostCount > 0 ? children.startHost(hostId('fs', 1)) : undefined;
    await Promise.all([this.#loadGaps(), hostUp]);
    // Left by the incarnation before.
    for (let number = 1; number <= hostCount; number++)
      await children.stopHost(hostId('parcel', number));
    const stored = await store.list();
    const roots = stored.length + this.#given.requests.length;
    // At once, so that no root waits for the one before it.
    for (let number = 2; number <= Math.min(hostCount, roots); number++)
      await children.startHost(hostId('fs', number));
    for (const root of stored) await this.#watch(root, true);
    await this.#resolveGiven();
    for (const request of this.#given.requests) {
      if (table.byPath(request.path)) continue;
      await this.#watch({ ...request, createdAtMs: this.#cell.clock.nowMs() }, false);
    }
    await this.#watchExtra();
    this.#cell.raise({ type: 'loaded' });
  }

  async #loadGaps(): Promise<void> {
    const { gaps, loadGaps } = this.#ports;
    if (!gaps.isLoaded) gaps.load(await patientRead(this.#cell.scope, loadGaps));
  }

  async #watchExtra(): Promise<void> {
    const { resolvePath, table, extra = [] } = this.#ports;
    for (const request of extra) {
      const path = await resolvePath(request.path).catch((error: unknown) => {
        if (!isCodiError(error)) throw error;
        return undefined; // it is not there yet
      });
      if (path === undefined || table.byPath(path) || this.#given.dropped.has(path)) continue;
      const createdAtMs = this.#cell.clock.nowMs();
      await this.#watch({ ...request, path, createdAtMs }, false);
    }
  }

  async #resolveGiven(): Promise<void> {
    if (this.#given.areResolved) return;
    const requests: RootRequest[] = [];
    for (const request of this.#given.requests)
      requests.push({ ...request, path: await this.#ports.resolvePath(request.path) });
    this.#given.requests = requests;
    this.#given.areResolved = true;
  }

  #handle(message: RootsMessage): void {
    if (message.type === 'moveToRecursiveHost')
      return this.#run(() => this.#moveToRecursiveHost(message.root));
    const { reply } = message;
    const answer = async (work: () => Promise<unknown>) => {
      try {
        reply({ ok: true, result: (await work()) as never });
      } catch (error) {
        if (!isCodiError(error)) throw error;
        reply({ ok: false, error });
      }
    };
    if (message.type === 'add') this.#run(() => answer(() => this.#add(message.request)));
    else if (message.type === 'remove') this.#run(() => answer(() => this.#remove(message.path)));
    // Behind what was asked before, and not while the table is still being filled.
    else this.#run(async () => syncRoots(message, this.#ports, this.#given.dropped));
  }

  async #add(request: RootRequest): Promise<{ path: BytePath; isNew: boolean }> {
    const path = await this.#ports.resolvePath(request.path);
    const known = this.#ports.table.byPath(path);
    await this.#ports.store.add({ ...request, path });
    this.#given.dropped.delete(path);
    if (known) {
      this.#ports.gaps.open(path, { reason: 'settings_changed' });
      await this.#unwatch(known);
    }
    const createdAtMs = known?.createdAtMs ?? this.#cell.clock.nowMs();
    await this.#watch({ ...request, path, createdAtMs }, true);
    return { path, isNew: !known };
  }

  async #remove(path: BytePath): Promise<{ path: BytePath }> {
    const { table, store } = this.#ports;
    // A root whose directory is gone can still be named by the path it had.
    const known =
      table.byPath(path) ?? table.byPath(await this.#ports.resolvePath(path).catch(() => path));
    const wasStored = await store.remove(known?.path ?? path);
    if (!known && !wasStored)
      throw new CodiError('CODI_NOT_FOUND', { what: `watched path ${showBytePath(path).path}` });
    if (!known) return { path };
    const given = this.#given.requests.filter((request) => request.path !== known.path);
    this.#given.requests = given;
    this.#ports.gaps.open(known.path, { reason: 'not_watched' });
    this.#given.dropped.add(known.path);
    await this.#unwatch(known);
    return { path: known.path };
  }

  async #watch(request: StoredRoot, isPersistent: boolean): Promise<void> {
    const { table, children, prefersRecursive } = this.#ports;
    const root = this.#nextRoot++;
    const options = this.#ports.options(request);
    const kind = kindFor(options, prefersRecursive);
    const host = await hostFor(kind, this.#placement(request.path));
    const chosen = kind === hostKind(host) ? options : withoutRecursive(options);
    table.add({
      root,
      ...request,
      isPersistent,
      state: 'starting',
      mode: 'native',
      hintSource: 'none',
      polledDirectories: 0,
      reason: undefined,
      host,
      files: 0,
      directories: 0,
      owed: 0,
    });
    await children.startWatcher({ root, path: request.path, options: chosen });
  }

  #placement(path: BytePath): Placement {
    const { table, children, hostCount } = this.#ports;
    return { path, hostCount, roots: table.all(), start: (id) => children.startHost(id) };
  }

  async #moveToRecursiveHost(root: number): Promise<void> {
    const { table, children } = this.#ports;
    const known = table.get(root);
    if (!known) return;
    const found = await recursiveHost(this.#placement(known.path));
    const host = found ?? known.host;
    if (found === undefined) children.watcher(known.path).send({ type: 'stay' });
    table.update(root, { host });
    children.assignHost(root, host);
    await this.#stopUnneeded(known.host);
  }

  async #unwatch({ root, path, host }: WatchedRoot): Promise<void> {
    const { children, table } = this.#ports;
    await children.stopWatcher(path);
    table.remove(root);
    if (host !== hostId('fs', 1)) await this.#stopUnneeded(host);
  }

  /** A process of its own is 50 MB, also when it does nothing. */
  async #stopUnneeded(host: string): Promise<void> {
    const isNeeded = this.#ports.table.all().some((root) => root.host === host);
    if (!isNeeded) await this.#ports.children.stopHost(host);
  }

  async #stopAll(): Promise<void> {
    const { table, children } = this.#ports;
    const roots = table.all();
    table.clear();
    await Promise.all(roots.map((root) => children.stopWatcher(root.path)));
  }
}
