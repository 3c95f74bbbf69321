import type { BytePath } from '../../protocol/byte-path.ts';
import type { HostClock } from './host-ports.ts';
import { kernelDevice, type InotifyList } from './inotify-list.ts';
import { DeviceNames, KernelWatches } from './kernel-watches.ts';
import { MountChanges } from './mount-changes.ts';
import type { PathNode } from './path-tree.ts';
import type { Lane, SlicedWork } from './slice-scheduler.ts';
import { inodeKey, WatchSet } from './watch-set.ts';

/** A root as the audit sees it. */
export interface AuditedRoot {
  /** Whether all of it was looked at and it is natively watched; else there is nothing to judge yet. */
  readonly isSettled: boolean;
  /** Directories that should have a watch. */
  watchable(): Iterable<PathNode>;
  /** Whether hints about the directory are believed to come. */
  covers(directory: PathNode): boolean;
  /** Places its watch anew; false when that is not possible, or the directory is gone. */
  renew(directory: PathNode): boolean;
  /** They may have changed while nobody watched. */
  lookThrough(directories: readonly PathNode[]): void;
  /** Looks at these places, absolute, where they are below it: another file system is there now. */
  remounted(points: readonly BytePath[]): void;
  /** Looks through directories that changed where hints, though they come, need not tell everything. */
  recheck(): Generator<void, void>;
}

export interface CoverageAuditPorts {
  readonly clock: HostClock;
  readInotifyList(): Promise<InotifyList | undefined>;
  readMounts(): Promise<string | undefined>;
  roots(): Iterable<AuditedRoot>;
  /** Whether native code may hold watches of directories that no index has (ignored ones). */
  hasNativeWatches(): boolean;
  onAudited(figures: AuditFigures): void;
  wake(): void;
}

export interface AuditFigures {
  readonly watches: number;
  readonly instances: number;
  readonly blind: number;
  readonly repaired: number;
  /** Watches that no root wanted, this time and the last. */
  readonly leaked: number;
  /** Of reading the list and of work on the main thread, in milliseconds. */
  readonly costMs: number;
}

interface Suspect {
  readonly root: AuditedRoot;
  readonly directory: PathNode;
}

const STEPS_PER_LOOK = 32;

/**
 * Compares the watches that the kernel lists for this process with the directories of the index, in small steps.
 * What seems to have no watch is looked up once more, in a list read afterwards: directories come and go. What is
 * missing there, too, is watched anew and looked through.
 */
export class CoverageAudit implements SlicedWork {
  readonly #ports: CoverageAuditPorts;
  readonly #names = new DeviceNames();
  #work: { steps: Generator<void, void>; onDone: () => void } | undefined;
  #isRunning = false;
  #costMs = 0;
  #unwanted = new WatchSet();
  readonly #mounts = new MountChanges();

  constructor(ports: CoverageAuditPorts) {
    this.#ports = ports;
  }

  /** Of the last one, or of this one until now. */
  get costMs(): number {
    return this.#costMs;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Watches are compared only where the kernel has a list. */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#costMs = 0;
    await this.lookAtMounts();
    for (const root of this.#ports.roots()) await this.#sliced(root.recheck());
    const watches = await this.#read();
    if (watches !== undefined) await this.#audit(watches);
    this.#isRunning = false;
  }

  /** What came and went since the last look; the first one only remembers. */
  async lookAtMounts(): Promise<void> {
    const points = this.#mounts.since(await this.#ports.readMounts());
    if (points.length > 0) for (const root of this.#ports.roots()) root.remounted(points);
  }

  hasWork(lane: Lane): boolean {
    return lane === 'background' && this.#work !== undefined;
  }

  run(_lane: Lane, deadlineMs: number): void {
    const { clock } = this.#ports;
    const { steps, onDone } = this.#work!;
    const startedMs = clock.monotonicMs();
    let isDone = false;
    while (!isDone && clock.monotonicMs() < deadlineMs)
      for (let count = 0; !isDone && count < STEPS_PER_LOOK; count++)
        isDone = steps.next().done === true;
    this.#costMs += clock.monotonicMs() - startedMs;
    if (!isDone) return;
    this.#work = undefined;
    onDone();
  }

  async #audit(watches: KernelWatches): Promise<void> {
    this.#names.nextAudit();
    const suspects: Suspect[] = [];
    const unlisted = new Map<bigint, Suspect>();
    const wanted = new WatchSet();
    const isSettled = await this.#sliced(this.#compare(watches, { suspects, unlisted, wanted }));
    const isExact = isSettled && !this.#ports.hasNativeWatches();
    const leaked = isExact ? this.#countLeaked(watches, wanted) : 0;
    const repairs = suspects.length > 0 ? await this.#confirm(suspects, unlisted) : NO_REPAIRS;
    const { count, instances } = watches;
    const costMs = this.#costMs;
    this.#ports.onAudited({ watches: count, instances, leaked, ...repairs, costMs });
  }

  *#compare(
    watches: KernelWatches,
    found: { suspects: Suspect[]; unlisted: Map<bigint, Suspect>; wanted: WatchSet },
  ): Generator<void, boolean> {
    const listedDevices = new Set<bigint>();
    let areAllSettled = true;
    let lastListed: bigint | undefined;
    for (const root of this.#ports.roots()) {
      areAllSettled &&= root.isSettled;
      for (const directory of root.watchable()) {
        const { dev, ino } = directory.stat;
        const key = inodeKey(ino);
        found.wanted.add(kernelDevice(dev), key);
        const isListed = this.#names.isListed(watches, directory.stat, key);
        if (isListed && dev !== lastListed) listedDevices.add((lastListed = dev));
        if (!(isListed && root.covers(directory)) && root.isSettled) {
          const suspect = { root, directory };
          if (!isListed && !found.unlisted.has(dev)) found.unlisted.set(dev, suspect);
          found.suspects.push(suspect);
        }
        yield;
      }
    }
    for (const dev of listedDevices) found.unlisted.delete(dev);
    return areAllSettled;
  }

  /** `unlisted`: one directory of each device of which none is listed. */
  async #confirm(suspects: readonly Suspect[], unlisted: ReadonlyMap<bigint, Suspect>) {
    const watches = await this.#read();
    if (watches === undefined) return NO_REPAIRS;
    const strange = [...unlisted.values()].filter(
      ({ directory }) => !this.#names.learn(watches, directory.stat),
    );
    const repaired = await this.#tryStrange(strange);
    return this.#sliced(this.#repair(suspects, watches, repaired));
  }

  /** Watches one directory anew: if that one is not listed either, this device cannot be compared. */
  async #tryStrange(strange: readonly Suspect[]): Promise<Suspect[]> {
    const tried = strange.filter(({ root, directory }) => root.renew(directory));
    const watches = tried.length > 0 ? await this.#read() : undefined;
    return tried.filter(({ root, directory }) => {
      if (watches && this.#names.isListed(watches, directory.stat)) return true;
      this.#names.giveUp(directory.stat.dev);
      root.lookThrough([directory]);
      return false;
    });
  }

  *#repair(
    suspects: readonly Suspect[],
    watches: KernelWatches,
    tried: readonly Suspect[],
  ): Generator<void, { blind: number; repaired: number }> {
    const repaired = new Map<AuditedRoot, PathNode[]>();
    const remember = ({ root, directory }: Suspect) => {
      const directories = repaired.get(root) ?? [];
      repaired.set(root, directories);
      directories.push(directory);
    };
    for (const suspect of tried) remember(suspect);
    const known = new Set(tried.map(({ directory }) => directory));
    let blind = tried.length;
    for (const suspect of suspects) {
      yield;
      const { root, directory } = suspect;
      if (!root.isSettled || known.has(directory)) continue;
      if (this.#names.isListed(watches, directory.stat) && root.covers(directory)) continue;
      if (!root.renew(directory)) continue;
      blind += 1;
      remember(suspect);
    }
    for (const [root, directories] of repaired) root.lookThrough(directories);
    return { blind, repaired: blind };
  }

  #countLeaked({ set }: KernelWatches, wanted: WatchSet): number {
    const before = this.#unwanted;
    this.#unwanted = set.without(wanted);
    return this.#unwanted.size - this.#unwanted.without(before).size;
  }

  async #read(): Promise<KernelWatches | undefined> {
    const { clock, readInotifyList } = this.#ports;
    const startedMs = clock.monotonicMs();
    const list = await readInotifyList();
    this.#costMs += clock.monotonicMs() - startedMs;
    if (list === undefined) return undefined;
    const watches = new KernelWatches(list);
    await this.#sliced(watches.load());
    return watches;
  }

  /** Resolves with what the generator returns, after as many turns as it takes. */
  #sliced<Result>(steps: Generator<void, Result>): Promise<Result> {
    return new Promise((resolve) => {
      let result: Result;
      function* remembering(): Generator<void, void> {
        result = yield* steps;
      }
      this.#work = { steps: remembering(), onDone: () => resolve(result) };
      this.#ports.wake();
    });
  }
}

const NO_REPAIRS = { blind: 0, repaired: 0 } as const;
