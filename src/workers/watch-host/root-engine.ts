import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord, IndexRow } from '../../protocol/file-event.ts';
import type { AheadSlots } from './ahead-slots.ts';
import { EntryFilter } from './entry-filter.ts';
import { Gitignores } from './gitignores.ts';
import { IgnoredSearch } from './ignored-search.ts';
import type { HintKeeper } from './hint-keeper.ts';
import { HintTrust } from './hint-trust.ts';
import type { WatchHostPorts } from './host-ports.ts';
import { PassQueue } from './pass-queue.ts';
import type { PathNode } from './path-tree.ts';
import { ReadAhead } from './read-ahead.ts';
import { Reconciler } from './reconciler.ts';
import type { RootDoubts } from './root-doubts.ts';
import { RootHints } from './root-hints.ts';
import { RootSweeps } from './root-sweeps.ts';
import { PRIORITY, SweepPass, type PassInput } from './sweep-pass.ts';
import { timedDisk } from './timed-disk.ts';
import type { HostCounters, RootOptions } from './watch-host.messages.ts';
import { UnreadableFolders } from './unreadable-folders.ts';

export interface RootEnginePorts extends WatchHostPorts {
  readonly path: BytePath;
  readonly options: RootOptions;
  readonly counters: HostCounters;
  readonly aheadSlots: AheadSlots;
  readonly doubts: RootDoubts;
  /** Whoever places the watches now. */
  keeper(): HintKeeper | undefined;
  /** Whether the first scan is done. */
  isSettled(): boolean;
  hasRoom(): boolean;
  /** Whether events wait because there were too many. */
  isHeldBack(): boolean;
  flush(): void;
  onChange(event: FileEventRecord): void;
  onHint(): void;
  /** Whether the root is there; else whoever answers false takes over. */
  checkRoot(): boolean;
  onFullDone(syncs: readonly number[], durationMs: number): void;
  /** The reason may be another one now. */
  onReason(): void;
  wake(): void;
}

/** The working parts of one root, put together: index, passes, sweeps and hints. */
export class RootEngine {
  readonly filter: EntryFilter;
  readonly reconciler: Reconciler;
  readonly queue: PassQueue;
  readonly sweeps: RootSweeps;
  readonly hints: RootHints;
  readonly ahead: ReadAhead;
  readonly #gitignores: Gitignores | undefined;
  readonly #unreadable: UnreadableFolders;
  readonly #search: IgnoredSearch | undefined;
  readonly #trust: HintTrust;
  readonly #ports: RootEnginePorts;

  constructor(ports: RootEnginePorts) {
    this.#ports = ports;
    this.filter = new EntryFilter(ports.options);
    const { exports } = ports.options;
    if (exports && exports.patterns.length > 0)
      this.#search = new IgnoredSearch(exports, ports.onReason);
    if (ports.options.useGitignore) this.#gitignores = new Gitignores(ports.disk, ports.onReason);
    this.#unreadable = new UnreadableFolders({
      clock: ports.clock,
      doubts: ports.doubts,
      tree: () => this.reconciler.tree,
      touch: (directory) => this.sweeps.touch(directory),
      sweep: () => this.sweeps.suspect(),
    });
    this.ahead = new ReadAhead({
      disk: ports.aheadDisk,
      slots: ports.aheadSlots,
      ...{ clock: ports.clock, counters: ports.counters, wake: ports.wake },
      reconciler: () => this.reconciler,
    });
    this.reconciler = this.#makeReconciler();
    this.#trust = this.#makeTrust();
    this.queue = new PassQueue({
      clock: ports.clock,
      ahead: this.ahead,
      hasRoom: ports.hasRoom,
      flush: ports.flush,
      addLateHints: (pass) => this.hints.addTo(pass),
      onQuickDone: () => this.hints.passed(),
      wake: ports.wake,
    });
    this.sweeps = new RootSweeps({
      clock: ports.clock,
      options: ports.options,
      rootNode: this.reconciler.tree.root,
      isPolling: () => this.#isPolling(),
      debounce: () => this.hints.debounce,
      checkRoot: ports.checkRoot,
      beforeSettle: (then) => this.hints.settle(then),
      newPass: (pass) => this.#newPass(pass),
      addPass: (pass) => this.queue.add(pass),
      onFullStart: () => ports.doubts.sweepBegins(),
      onFullDone: (syncs, durationMs) => {
        this.#trust.swept();
        ports.onFullDone(syncs, durationMs);
      },
    });
    this.hints = new RootHints({
      clock: ports.clock,
      coalesceMs: ports.options.coalesceMs,
      settleMaxMs: ports.options.settleMaxMs,
      reconciler: this.reconciler,
      queue: this.queue,
      sweeps: this.sweeps,
      counters: ports.counters,
      checkRoot: ports.checkRoot,
      doubt: (directory) => ports.keeper()?.doubt(directory) ?? false,
      newPass: (pass) => this.#newPass(pass),
      onHint: (directory) => {
        this.#trust.hinted(directory);
        ports.onHint();
      },
      transients: ports.options.transients,
      debounceMs: ports.options.debounceMs ?? 0,
      isHeldBack: ports.isHeldBack,
      isSettled: ports.isSettled,
      emit: ports.onChange,
    });
  }

  /** Looks at these paths, relative to the root, and at all below them. */
  look(paths: readonly BytePath[], onDone: () => void, seen = this.#seenNow()): void {
    const pass = this.#newPass({ seen, priority: PRIORITY.sync, onDone });
    const { tree, anchor } = this.reconciler;
    for (const path of paths) {
      const { node, rest } = tree.nearest((anchor.only ?? path.replace(/\/+$/, '')) as BytePath);
      if (rest.length > 0 && node.kind === 'dir') pass.addName(node, rest[0]!);
      else if (node.parent) pass.addName(node.parent, node.name);
      if (rest.length === 0 && node.kind === 'dir') pass.addDirectory(node, true);
    }
    this.queue.add(pass);
  }

  /** Looks at what is in these directories, and in new ones below them. */
  lookThrough(directories: readonly PathNode[], input: PassInput): void {
    const pass = this.#newPass(input);
    for (const directory of directories) pass.addDirectory(directory, false);
    this.queue.add(pass);
  }

  /** Takes everything out of the index that is not there any more, without looking for new entries. */
  removeGone(onDone: () => void): void {
    const pass = this.#newPass({ seen: 'reconcile', priority: PRIORITY.sync, onDone });
    for (const node of this.reconciler.tree.root.children?.values() ?? []) pass.addGone(node);
    this.queue.add(pass);
  }

  /** Drops all work; returns the syncs that were not answered. */
  stop(): number[] {
    this.queue.clear();
    this.#unreadable.stop();
    this.hints.stop();
    return this.sweeps.stop();
  }

  /** Why the root is polled, and which `.gitignore` is not applied. */
  get reason(): string | undefined {
    const { tree } = this.reconciler;
    const problem = this.#gitignores?.problem((directory) => tree.pathOf(directory));
    const parts = [this.#ports.keeper()?.reason, problem, this.#search?.problem];
    const reasons = parts.filter((part) => part !== undefined);
    return reasons.length > 0 ? reasons.join('; ') : undefined;
  }

  /** Every directory with its absolute path, the listed root first. */
  *directories(): Generator<{ node: PathNode; path: BytePath }> {
    const { tree, anchor } = this.reconciler;
    yield { node: tree.root, path: anchor.base };
    for (const { node, path } of tree.entries())
      if (node.kind === 'dir') yield { node, path: this.reconciler.absolute(path) };
  }

  /** What the index holds now. */
  rows(): IndexRow[] {
    const { tree, anchor } = this.reconciler;
    const rows: IndexRow[] = [];
    for (const { node, path } of tree.entries()) {
      const shown = anchor.only === undefined ? path : ('' as BytePath);
      if (!node.isHidden) rows.push({ path: shown, kind: node.kind, stat: node.stat });
    }
    return rows;
  }

  #seenNow(): PassInput['seen'] {
    return this.#isPolling() ? 'poll' : 'native';
  }

  #isPolling(): boolean {
    return this.#ports.keeper()?.mode !== 'native';
  }

  #newPass(input: PassInput): SweepPass {
    return new SweepPass(this.reconciler, input);
  }

  #makeTrust(): HintTrust {
    const { clock, disk, doubts, keeper } = this.#ports;
    const { tree } = this.reconciler;
    return new HintTrust({
      clock,
      keeper,
      isInDoubt: () => doubts.isInDoubt,
      directoryOf: (path) => {
        const { node, rest } = tree.nearest(path);
        const directory = rest.length === 0 ? node.parent : node;
        return rest.length <= 1 && directory?.kind === 'dir' ? directory : undefined;
      },
      changedMs: (directory) => {
        const found = disk.lstat(this.reconciler.absolute(tree.pathOf(directory)));
        return typeof found === 'string' ? undefined : Number(found.ctimeNs / 1_000_000n);
      },
    });
  }

  #makeReconciler(): Reconciler {
    const { path, options, disk, clock, keeper, counters, isSettled, onChange } = this.#ports;
    return new Reconciler(
      { base: path, only: undefined },
      {
        disk: timedDisk(disk, clock, (kind, lookMs) => this.ahead.noteLook(kind, lookMs)),
        filter: this.filter,
        gitignores: this.#gitignores,
        search: this.#search,
        isRecursive: options.recursive,
        deny: options.deny,
        watches: {
          ensure: (directory, at) => keeper()?.ensure(directory, at) ?? 'unwatched',
          drop: (directory) => keeper()?.drop(directory),
          listing: (directory, mtimeNs) => keeper()?.listing(directory, mtimeNs),
          isOutdated: (directory, mtimeNs) => keeper()?.isOutdated(directory, mtimeNs) ?? false,
          moved: (directory) => keeper()?.moved(directory),
        },
        unreadable: this.#unreadable,
        nowMs: () => clock.nowMs(),
        emit: (event) => {
          if (event.seen === 'reconcile' && isSettled()) counters.foundBySweep += 1;
          if (event.seen !== 'native' && isSettled()) this.#trust.found(event);
          onChange(event);
        },
        onNewDirectory: (directory) => {
          if (isSettled()) this.sweeps.touch(directory);
        },
        onLeft: (directory, name) => this.hints.left(directory, name),
        onNewRules: (directory) => {
          this.#trust.excuse();
          this.sweeps.touch(directory, true);
        },
      },
    );
  }
}
