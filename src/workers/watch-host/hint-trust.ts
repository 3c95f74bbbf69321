import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import type { HintKeeper } from './hint-keeper.ts';
import type { HostClock } from './host-ports.ts';
import type { PathNode } from './path-tree.ts';

export interface HintTrustPorts {
  readonly clock: HostClock;
  keeper(): HintKeeper | undefined;
  directoryOf(path: BytePath): PathNode | undefined;
  /** Unix milliseconds; undefined when it is not there. */
  changedMs(directory: PathNode): number | undefined;
  /** Hints may have been lost for another reason, which is told. */
  isInDoubt(): boolean;
}

/** One sweep may have met what nobody thought of; three, mostly minutes apart, have not. */
const STRIKES = 3;
/** The slowest hints take half a second; what is older by now was not told. */
const LATE_MS = 2_000;
/** Changes of one sweep that are looked at. */
const LOOKS_MAX = 100;
/** With more directories hinted at nothing is said about the others. */
const HINTED_MAX = 20_000;
const PROBATION_MIN_MS = 60_000;
const PROBATION_MAX_MS = 600_000;

/**
 * Whether hints come where they should. Some file systems take watches and tell nothing (overlays changed from below,
 * mounts that others write to): there full sweeps find, again and again, entries that came or went in a watched
 * directory long enough ago, with no hint about it and no doubt open that would explain it. Then the root is polled
 * until hints came for a while and sweeps found nothing more. Only names count: writes through mmap give no hint
 * anywhere.
 */
export class HintTrust {
  readonly #ports: HintTrustPorts;
  #hinted = new Set<PathNode>();
  #hintedBefore = new Set<PathNode>();
  /** Sweeps that say nothing, because of other reasons to find something. */
  #excused = 0;
  #looks = 0;
  #isMissed = false;
  #hasMoves = false;
  #strikes = 0;
  #leastStrikes = 0;
  #probationMs = PROBATION_MIN_MS;
  /** Hints came and nothing was missed since then. */
  #goodSinceMs: number | undefined;

  constructor(ports: HintTrustPorts) {
    this.#ports = ports;
  }

  hinted(directory: PathNode): void {
    if (this.#hinted.size < HINTED_MAX) this.#hinted.add(directory);
  }

  /** What is recorded changes for another reason: other rules. */
  excuse(): void {
    this.#excused = 2;
  }

  /** A sweep found this. */
  found({ event, path, stat }: FileEventRecord): void {
    if (event === 'move') this.#hasMoves = true;
    if (event !== 'create' && event !== 'delete' && event !== 'move') return;
    if (this.#isMissed || this.#looks >= LOOKS_MAX) return;
    this.#looks += 1;
    this.#isMissed = this.#wasMissed(path, event === 'create' ? stat?.ctimeNs : undefined);
  }

  /** A full sweep is over. */
  swept(): void {
    this.#judge();
    this.#hintedBefore = this.#hinted;
    this.#hinted = new Set();
    this.#looks = 0;
    this.#isMissed = this.#hasMoves = false;
    this.#excused = Math.max(0, this.#excused - 1);
  }

  #judge(): void {
    const keeper = this.#ports.keeper();
    if (!keeper || this.#excused > 0 || this.#ports.isInDoubt()) return;
    // A recursive watcher is late and folds what it is told: only silence counts.
    const isLoose = keeper.kind === 'parcel' && (this.#hasMoves || this.#hasHints);
    if (this.#isMissed && !isLoose) this.#strike(keeper);
    else if (this.#hasHints) this.#praise(keeper);
  }

  #strike(keeper: HintKeeper): void {
    this.#goodSinceMs = undefined;
    this.#strikes = Math.min(STRIKES, this.#strikes + 1);
    if (this.#strikes === STRIKES) keeper.believe(false);
  }

  #praise(keeper: HintKeeper): void {
    if (keeper.isBelieved) {
      this.#strikes = this.#leastStrikes;
      return;
    }
    const nowMs = this.#ports.clock.monotonicMs();
    this.#goodSinceMs ??= nowMs;
    if (nowMs - this.#goodSinceMs < this.#probationMs) return;
    // From now on one miss is enough, and the next time takes longer.
    this.#strikes = this.#leastStrikes = STRIKES - 1;
    this.#goodSinceMs = undefined;
    this.#probationMs = Math.min(this.#probationMs * 2, PROBATION_MAX_MS);
    keeper.believe(true);
  }

  /** `ctimeNs`: of an entry that came. */
  #wasMissed(path: BytePath, ctimeNs: bigint | undefined): boolean {
    const { clock, keeper, directoryOf, changedMs, isInDoubt } = this.#ports;
    const directory = directoryOf(path);
    if (!directory || !keeper()?.covers(directory) || isInDoubt()) return false;
    if (this.#hinted.size >= HINTED_MAX || this.#hintedBefore.size >= HINTED_MAX) return false;
    if (this.#hinted.has(directory) || this.#hintedBefore.has(directory)) return false;
    // The status change time: nobody can set it back.
    const atMs = ctimeNs === undefined ? changedMs(directory) : Number(ctimeNs / 1_000_000n);
    return atMs !== undefined && clock.nowMs() - atMs > LATE_MS;
  }

  get #hasHints(): boolean {
    return this.#hinted.size + this.#hintedBefore.size > 0;
  }
}
