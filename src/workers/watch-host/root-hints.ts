import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import { Debounce } from './debounce.ts';
import { DirtyNames } from './dirty-names.ts';
import { HeldNames } from './held-names.ts';
import type { HintType } from './hint-traces.ts';
import type { HostClock, Timer } from './host-ports.ts';
import type { PassQueue } from './pass-queue.ts';
import type { PathNode } from './path-tree.ts';
import type { Reconciler } from './reconciler.ts';
import type { RootSweeps } from './root-sweeps.ts';
import { SavesInSteps } from './saves-in-steps.ts';
import { PRIORITY, type PassInput, type SweepPass } from './sweep-pass.ts';
import { Transients } from './transients.ts';
import type { HostCounters, TransientOptions } from './watch-host.messages.ts';

export interface RootHintsPorts {
  readonly clock: HostClock;
  readonly coalesceMs: number;
  readonly settleMaxMs: number;
  /** 0: changes of one path are told as they are seen. */
  readonly debounceMs: number;
  readonly reconciler: Reconciler;
  readonly queue: PassQueue;
  readonly sweeps: RootSweeps;
  readonly counters: HostCounters;
  /** How files that came and went are told; undefined: not at all. */
  readonly transients: TransientOptions | undefined;
  /** Whether events wait because there were too many. */
  isHeldBack(): boolean;
  checkRoot(): boolean;
  /** A hint named the directory itself: whether hints of what is below it cannot be trusted. */
  doubt(directory: PathNode): boolean;
  newPass(input: PassInput): SweepPass;
  onHint(directory: PathNode): void;
  /** Whether the first look at the root is done. */
  isSettled(): boolean;
  /** What only hints told. */
  emit(event: FileEventRecord): void;
}

const DIRTY_LIMIT = 20_000;
/** The first hint for a while waits no longer than this for others … */
const QUIET_COALESCE_MS = 3;
/** … which is as long as this. */
const QUIET_MS = 20;
/** In a storm hints wait for more: so many for each millisecond between the looks … */
const NAMES_PER_MS = 4;
/** … but no longer than this. */
const STORM_COALESCE_MS = 32;

/** Takes the hints of a root, collects them for a moment and has the named paths looked at. */
export class RootHints {
  readonly #ports: RootHintsPorts;
  readonly #dirty = new DirtyNames(DIRTY_LIMIT);
  readonly #held: HeldNames;
  readonly #saves: SavesInSteps;
  readonly #transients: Transients | undefined;
  /** Names that wait for more changes. */
  readonly debounce: Debounce | undefined;
  #timer: Timer | undefined;
  #lastPass = { startMs: -Infinity, names: 0 };
  #afterPass: (() => void) | undefined;

  constructor(ports: RootHintsPorts) {
    this.#ports = ports;
    const onDue = (directory: PathNode, name: string) => {
      // Without room the sweep of its directory finds it.
      if (!this.#dirty.add(directory, name)) ports.sweeps.touch(directory);
      // It has waited for others already.
      this.arm(0);
    };
    this.#held = new HeldNames(ports.clock, onDue);
    if (ports.debounceMs > 0) this.debounce = new Debounce(ports.clock, ports.debounceMs, onDue);
    this.#saves = new SavesInSteps(this.#held, ports.settleMaxMs);
    if (ports.transients) {
      const options = ports.transients;
      this.#transients = new Transients({ ...ports, options, held: this.#held });
    }
  }

  /** `name` changed in `directory`, as `type` says where that is known; null: something did. */
  hint(directory: PathNode, name: string | null, isDirectory = false, type?: HintType): void {
    const { counters, reconciler, sweeps, onHint } = this.#ports;
    counters.hints += 1;
    onHint(directory);
    if (!reconciler.tree.isAttached(directory)) return;
    if (name !== null) {
      const isDebounced = this.debounce?.isHeld(directory, name) ?? false;
      const isWaiting = isDebounced || this.#dirty.has(directory, name);
      const rank = isWaiting ? undefined : reconciler.hintRank(directory, name, isDirectory);
      if (rank === 'none') {
        this.#transients?.interrupt();
        return;
      }
      if (isWaiting && (isDebounced || this.#ports.isHeldBack())) counters.coalesced += 1;
      const isKept = isWaiting || this.#keep(directory, name);
      // Without room the sweep of the touched directory finds it.
      if (!isKept) counters.hintsCollapsed += 1;
      else if (type) this.#transients?.note(directory, name, type);
      if (isWaiting) return;
      this.arm();
      // What is ignored is not worth a look at the whole directory.
      if (rank === 'name') return;
    }
    sweeps.touch(directory);
  }

  #keep(directory: PathNode, name: string): boolean {
    return this.debounce?.hold(directory, name) || this.#dirty.add(directory, name);
  }

  /** What was recorded at this name is recorded as gone. */
  left(directory: PathNode, name: string): void {
    this.#transients?.left(directory, name);
  }

  /** Something changed at this absolute path. */
  path(path: BytePath): void {
    const { node, rest } = this.#nearest(path);
    if (rest.length > 0 && node.kind === 'dir') this.hint(node, rest[0]!, rest.length > 1);
    else if (node.parent) this.hint(node.parent, node.name);
    else this.hint(node, null);
    if (rest.length === 0 && node.kind === 'dir' && this.#ports.doubt(node))
      this.#ports.sweeps.touch(node, true);
  }

  /** Something changed somewhere below this absolute path. */
  subtree(path: BytePath): void {
    const { node } = this.#nearest(path);
    this.hint(node, null);
    this.#ports.sweeps.touch(node, true);
  }

  /** Hands the waiting names to a pass that is already under way. */
  addTo(pass: SweepPass): void {
    this.#dirty.take((directory, name) => {
      pass.addName(directory, name);
      if (pass.traces) this.#transients?.look(pass.traces, directory, name);
    });
  }

  /** It is quiet: whatever was being saved is looked at now, and then what has to wait for that. */
  settle(then: () => void): void {
    this.#saves.forget();
    if (!this.#held.release(Infinity)) {
      then();
      return;
    }
    this.#afterPass = then;
    this.#start();
  }

  /** A pass of hints is over. */
  passed(): void {
    const isWaiting = (directory: PathNode, name: string) => this.#dirty.has(directory, name);
    this.#held.forgetReleased(isWaiting);
    this.debounce?.passed(isWaiting);
    this.arm();
    const then = this.#afterPass;
    this.#afterPass = undefined;
    then?.();
  }

  /** Sees to it that waiting names get their pass. */
  arm(waitMs = this.#coalesceMs()): void {
    const { clock, queue } = this.#ports;
    if (this.#timer || this.#dirty.isEmpty || !queue.isQuickFree) return;
    this.#timer = clock.setTimeout(() => this.#start(), waitMs);
  }

  #coalesceMs(): number {
    const { clock, coalesceMs } = this.#ports;
    const { startMs, names } = this.#lastPass;
    const sinceMs = clock.monotonicMs() - startMs;
    if (sinceMs > QUIET_MS) return Math.min(coalesceMs, QUIET_COALESCE_MS);
    return Math.max(coalesceMs, Math.min(STORM_COALESCE_MS, names / NAMES_PER_MS) - sinceMs);
  }

  stop(): void {
    if (this.#timer) this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty.clear();
    this.#held.clear();
    this.debounce?.clear();
    this.#transients?.clear();
    this.#afterPass = undefined;
    this.#saves.forget();
  }

  #start(): void {
    if (this.#timer) this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const { queue, checkRoot, newPass } = this.#ports;
    if (!queue.isQuickFree || this.#dirty.isEmpty || !checkRoot()) return;
    const pass = newPass({
      ...{ seen: 'native', priority: PRIORITY.hints, saves: this.#saves },
      debounce: this.debounce,
      ...(this.#transients && { traces: this.#transients.begin() }),
      onDone: () => {
        if (pass.traces) this.#transients?.judge(pass, pass.traces);
      },
    });
    this.#lastPass = { startMs: this.#ports.clock.monotonicMs(), names: this.#dirty.count };
    this.addTo(pass);
    queue.startQuick(pass);
  }

  #nearest(path: BytePath): { node: PathNode; rest: string[] } {
    const { tree, anchor } = this.#ports.reconciler;
    const { base } = anchor;
    const start = base.endsWith('/') ? base.length : base.length + 1;
    return tree.nearest(path.slice(start) as BytePath);
  }
}
