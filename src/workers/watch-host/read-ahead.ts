import type { AheadDisk } from './ahead-disk.ts';
import type { AheadShare, AheadSlots } from './ahead-slots.ts';
import { AheadWalk, type AheadLook } from './ahead-walk.ts';
import type { HostClock, Timer } from './host-ports.ts';
import { LookMeter } from './look-meter.ts';
import type { Reconciler } from './reconciler.ts';
import type { SweepPass } from './sweep-pass.ts';
import type { LookKind } from './timed-disk.ts';
import type { HostCounters } from './watch-host.messages.ts';

export interface ReadAheadPorts {
  readonly clock: HostClock;
  readonly disk: AheadDisk;
  readonly slots: AheadSlots;
  readonly counters: Pick<HostCounters, 'looksAhead'>;
  reconciler(): Reconciler;
  /** What was waited for is there. */
  wake(): void;
}

/** Steps of a sweep after which it is measured again whether looks are slow; twice as many each time they are. */
const FIRST_STRETCH = 2_048;
const LONGEST_STRETCH = 65_536;
/** A sweep that waited so long goes on alone. Should it hang then, its host is replaced, as it would be without. */
const LONGEST_WAIT_MS = 3_000;
/** It is of use when looks take no more than this share of what they took before. */
const USEFUL_SHARE = 0.8;
/** Where it was of no use, as on file systems that keep nothing, it is tried again after so many sweeps. */
const SWEEPS_WITHOUT = 32;

/**
 * Brings what a sweep is about to look at into the caches of the system, on several threads at once, while looks are
 * slow. The sweep's own look, which comes later and finds it there, decides alone: what is brought is thrown away.
 */
export class ReadAhead {
  readonly #ports: ReadAheadPorts;
  readonly #share: AheadShare;
  readonly #meters = {
    entry: new LookMeter((meanMs) => this.#measured('entry', meanMs)),
    listing: new LookMeter((meanMs) => this.#measured('listing', meanMs)),
  };
  #walk: AheadWalk | undefined;
  #pass: SweepPass | undefined;
  #state: 'measuring' | 'reading' | 'resting' | 'useless' = 'measuring';
  /** Until it is measured again whether looks are slow. */
  #stepsLeft = 0;
  #stretch = FIRST_STRETCH;
  /** Which looks are slow; where those at entries are, directories are listed ahead, too, to know the entries. */
  #kind: LookKind = 'listing';
  /** What these took without it, in milliseconds. */
  #unaidedMs = 0;
  #aided = { sumMs: 0, count: 0 };
  #sweepsWithout = 0;
  #wait: Timer | undefined;

  constructor(ports: ReadAheadPorts) {
    this.#ports = ports;
    this.#share = ports.slots.share();
  }

  /** Mean of the looks that were timed last, in milliseconds, of the kind that takes longer; 0 before. */
  get lookMs(): number {
    return Math.max(this.#meters.entry.meanMs, this.#meters.listing.meanMs);
  }

  noteLook(kind: LookKind, lookMs: number): void {
    this.#meters[kind].note(lookMs);
  }

  /** What the sweep wants next is under way. */
  get isWaiting(): boolean {
    return this.#wait !== undefined;
  }

  /** After each step of a sweep; true when it is to wait. */
  follow(pass: SweepPass): boolean {
    if (pass !== this.#pass) this.#begin(pass);
    if (this.#state === 'reading') {
      this.#ask();
      if (--this.#stepsLeft === 0) this.#rest();
    } else if (this.#state === 'resting' && !this.#walk!.isAhead(pass)) this.#measure();
    if (!this.#walk?.isUnderWay(pass)) return false;
    this.#wait = this.#ports.clock.setTimeout(() => this.#giveUp(), LONGEST_WAIT_MS);
    return true;
  }

  /** The sweep is done, or given up. What is under way comes to nothing. */
  end(): void {
    this.#pass = undefined;
    this.#stopWaiting();
    this.#measure();
  }

  #begin(pass: SweepPass): void {
    this.end();
    this.#pass = pass;
    this.#stretch = FIRST_STRETCH;
    if (this.#ports.slots.limits.aboveMs === 0) this.#read('entry', 0);
    if (this.#sweepsWithout === 0) return;
    this.#sweepsWithout -= 1;
    this.#stop('useless');
  }

  #measure(): void {
    this.#stop('measuring');
    this.#meters.entry.restart();
    this.#meters.listing.restart();
  }

  #measured(kind: LookKind, meanMs: number): void {
    const isReading = this.#state === 'reading';
    if (isReading && kind === this.#kind) {
      this.#aided.sumMs += meanMs;
      this.#aided.count += 1;
    } else if (meanMs > this.#ports.slots.limits.aboveMs) {
      const isMore = isReading && kind === 'entry';
      if (this.#pass && (isMore || this.#state === 'measuring')) this.#read(kind, meanMs);
    }
  }

  #read(kind: LookKind, unaidedMs: number): void {
    const { aboveMs } = this.#ports.slots.limits;
    this.#kind = kind;
    this.#unaidedMs = unaidedMs;
    this.#state = 'reading';
    this.#share.isReading = true;
    this.#walk = new AheadWalk(this.#ports.reconciler(), kind);
    this.#stepsLeft = aboveMs === 0 ? Infinity : this.#stretch;
    this.#aided = { sumMs: 0, count: 0 };
  }

  /**
   * Were the disk not measured again now and then, it would go on where all is in the caches anyway. What was looked at
   * by now says nothing about that.
   */
  #rest(): void {
    const { sumMs, count } = this.#aided;
    const isUseful = sumMs <= count * this.#unaidedMs * USEFUL_SHARE;
    this.#stretch = Math.min(LONGEST_STRETCH, this.#stretch * 2);
    this.#share.isReading = false;
    if (isUseful) this.#state = 'resting';
    else {
      this.#sweepsWithout = SWEEPS_WITHOUT;
      this.#stop('useless');
    }
  }

  #stop(state: 'measuring' | 'useless'): void {
    this.#share.isReading = false;
    this.#walk = undefined;
    this.#state = state;
  }

  /** As much as may be under way. */
  #ask(): void {
    const walk = this.#walk;
    while (walk && this.#state === 'reading' && this.#share.take()) {
      const look = walk.next(this.#pass!);
      if (!look) return this.#share.give();
      this.#send(look, walk);
    }
  }

  #send(look: AheadLook, walk: AheadWalk): void {
    const { path, name } = look;
    const { disk, counters } = this.#ports;
    counters.looksAhead += 1;
    const onDone = (names?: string[]) => {
      this.#share.give();
      walk.looked(look, names);
      if (walk !== this.#walk) return;
      this.#ask();
      if (this.#wait && !walk.isUnderWay(this.#pass!)) this.#goOn();
    };
    if (name === undefined) disk.list(path, onDone);
    else disk.look(path, onDone);
  }

  #giveUp(): void {
    this.#stop('useless');
    this.#goOn();
  }

  #goOn(): void {
    this.#stopWaiting();
    this.#ports.wake();
  }

  #stopWaiting(): void {
    if (this.#wait) this.#ports.clock.clearTimeout(this.#wait);
    this.#wait = undefined;
  }
}
