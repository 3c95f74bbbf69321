import { joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileEventKind, FileEventRecord } from '../../protocol/file-event.ts';
import { eventTime } from './event-time.ts';
import type { HeldNames } from './held-names.ts';
import { HintTraces, type HintTrace, type HintType } from './hint-traces.ts';
import type { HostClock } from './host-ports.ts';
import type { PathNode } from './path-tree.ts';
import type { Reconciler } from './reconciler.ts';
import { isSaveName } from './save-names.ts';
import type { SweepPass } from './sweep-pass.ts';
import { TokenBucket } from './token-bucket.ts';
import type { HostCounters, TransientOptions } from './watch-host.messages.ts';

export interface TransientsPorts {
  readonly clock: HostClock;
  readonly options: TransientOptions;
  readonly reconciler: Reconciler;
  readonly held: HeldNames;
  readonly counters: HostCounters;
  isSettled(): boolean;
  emit(event: FileEventRecord): void;
}

/** A file younger than the first hint by more than this did not come by a move: clocks of file systems tick in steps. */
const CLOCK_STEP_MS = 10;
const HOPS_LIMIT = 8;

/**
 * Files that came and went between two looks: nothing is left of them but hints. What was moved to where it is now, or
 * came and went with the save of another file, is not one.
 */
export class Transients {
  readonly #ports: TransientsPorts;
  readonly #bucket: TokenBucket;
  readonly #waiting = new HintTraces();
  /** Those of passes that are not over. */
  readonly #underWay = new Set<HintTraces>();
  #lastRename: HintTrace | undefined;

  constructor(ports: TransientsPorts) {
    this.#ports = ports;
    this.#bucket = new TokenBucket(ports.options.perSecond, () => ports.clock.monotonicMs());
  }

  /** A hint named this entry, which is going to be looked at. */
  note(directory: PathNode, name: string, type: HintType): void {
    const nowMs = this.#ports.clock.nowMs();
    let trace = this.#waiting.find(directory, name);
    if (!trace) {
      const isOfKnown = directory.children?.has(name) ?? false;
      const counts = { renames: 0, changes: 0, firstMs: nowMs, lastMs: nowMs, next: undefined };
      this.#waiting.add((trace = { directory, name, isOfKnown, ...counts }));
    }
    trace.lastMs = nowMs;
    trace.next = undefined;
    if (type === 'change') trace.changes += 1;
    else trace.renames += 1;
    if (type === 'rename' && this.#lastRename && this.#lastRename !== trace)
      this.#lastRename.next = trace;
    this.#lastRename = type === 'rename' ? trace : undefined;
  }

  /** Another hint came: those before and after it are no halves of a move. */
  interrupt(): void {
    this.#lastRename = undefined;
  }

  /** For a pass: takes the traces of the names that it looks at. */
  begin(): HintTraces {
    const looks = new HintTraces();
    this.#underWay.add(looks);
    return looks;
  }

  look(looks: HintTraces, directory: PathNode, name: string): void {
    const trace = this.#waiting.find(directory, name);
    if (!trace) return;
    this.#waiting.delete(directory, name);
    if (!trace.isOfKnown && !directory.children?.has(name)) looks.add(trace);
  }

  /** What was recorded at this name is recorded as gone. */
  left(directory: PathNode, name: string): void {
    this.#waiting.delete(directory, name);
    for (const looks of this.#underWay) looks.delete(directory, name);
  }

  /** The pass is over: what it found neither in the index nor on the disk came and went. */
  judge(pass: SweepPass, looks: HintTraces): void {
    this.#underWay.delete(looks);
    const gone = [...looks].filter((trace) => this.#isJudged(trace) && trace.renames >= 2);
    for (const trace of gone.sort((a, b) => a.firstMs - b.firstMs)) this.#tell(pass, trace);
  }

  clear(): void {
    this.#waiting.clear();
    this.#underWay.clear();
    this.#lastRename = undefined;
  }

  /** False: more is to be known of it later. */
  #isJudged(trace: HintTrace): boolean {
    const { directory, name } = trace;
    const newer = this.#waiting.find(directory, name);
    if (newer) {
      trace.renames += newer.renames;
      trace.changes += newer.changes;
      trace.lastMs = newer.lastMs;
      trace.next = newer.next;
    } else if (!this.#ports.held.isHeld(directory, name)) return true;
    this.#waiting.add(trace);
    return false;
  }

  #tell(pass: SweepPass, trace: HintTrace): void {
    const { options, counters, isSettled } = this.#ports;
    const { directory, name, changes, firstMs, lastMs } = trace;
    if (!isSettled() || directory.children?.has(name)) return;
    if (this.#isPartOfSave(pass, trace)) return;
    if (!this.#bucket.hasToken) {
      counters.transientsDropped += 1;
      return;
    }
    if (this.#isMoved(trace)) return;
    const path = this.#pathOfMissing(directory, name);
    if (path === undefined) return;
    this.#bucket.spend();
    if (!options.isInSteps) {
      this.#emit('transient', path, firstMs);
      return;
    }
    this.#emit('create', path, firstMs);
    if (changes > 0) this.#emit('update', path, lastMs);
    this.#emit('delete', path, lastMs);
  }

  /** Beside a file that is being saved programs keep copies, and try whether they may write. */
  #isPartOfSave(pass: SweepPass, { directory, name }: HintTrace): boolean {
    if (pass.hasReplacedIn(directory) || this.#ports.held.hasIn(directory)) return true;
    const isFile = (other: string) => {
      const kind = directory.children?.get(other)?.kind;
      return kind !== undefined && kind !== 'dir';
    };
    return isSaveName(name, isFile);
  }

  /** Whether what was at this name is at another one now. */
  #isMoved({ firstMs, next }: HintTrace): boolean {
    let trace = next;
    for (let hops = 0; trace && hops < HOPS_LIMIT; hops++) {
      const birthMs = this.#birthMs(trace);
      if (birthMs !== undefined) {
        // What is there now may have come later still, over what was moved there.
        const isFirst = !trace.isOfKnown && trace.renames === 1;
        return !isFirst || birthMs <= firstMs + CLOCK_STEP_MS;
      }
      trace = trace.next;
    }
    return false;
  }

  /** The path to tell, when nothing is there. */
  #pathOfMissing(directory: PathNode, name: string): BytePath | undefined {
    const { reconciler } = this.#ports;
    if (!reconciler.isInPlace(directory)) return undefined;
    const path = joinBytePath(reconciler.tree.pathOf(directory), name);
    const { scope } = reconciler;
    return scope.isMissing(directory, name, path) ? scope.outward(path) : undefined;
  }

  #birthMs({ directory, name }: HintTrace): number | undefined {
    const { tree, scope } = this.#ports.reconciler;
    if (!tree.isAttached(directory)) return undefined;
    return scope.birthMs(joinBytePath(tree.pathOf(directory), name));
  }

  #emit(event: FileEventKind, path: BytePath, atMs: number): void {
    const nothing = { kind: 'file', size: null, stat: null } as const;
    this.#ports.emit({ ...eventTime(atMs), event, path, ...nothing, seen: 'hint' });
  }
}
