import type { HostClock } from './host-ports.ts';
import type { ReadAhead } from './read-ahead.ts';
import { PRIORITY, type SweepPass } from './sweep-pass.ts';
import type { Lane } from './slice-scheduler.ts';

export interface PassQueuePorts {
  readonly clock: HostClock;
  /** Goes ahead of the passes that are not quick. */
  readonly ahead: Pick<ReadAhead, 'follow' | 'isWaiting' | 'end'>;
  /** Whether more events can be taken; else passes wait. */
  hasRoom(): boolean;
  /** Sends what a slice brought. */
  flush(): void;
  /** Before a pass of hints decides that something is gone: hints that came meanwhile. */
  addLateHints(pass: SweepPass): void;
  onQuickDone(): void;
  wake(): void;
}

/** A pass of hints that takes more steps than this no longer holds up the next hints. */
const QUICK_STEPS = 512;
const CLOCK_EVERY_STEPS = 8;
/** How long the first events of a long pass wait to be sent with others. */
const FLUSH_MS = 50;

/** The passes of one root: one of hints at a time, which is quick, and the others one after the other. */
export class PassQueue {
  readonly #ports: PassQueuePorts;
  #quick: SweepPass | undefined;
  #isQuickResuming = false;
  readonly #slow: SweepPass[] = [];
  #flushedMs = 0;

  constructor(ports: PassQueuePorts) {
    this.#ports = ports;
  }

  get isQuickFree(): boolean {
    return this.#quick === undefined;
  }

  get hasPasses(): boolean {
    return this.#quick !== undefined || this.#slow.length > 0;
  }

  startQuick(pass: SweepPass): void {
    this.#quick = pass;
    this.#ports.wake();
  }

  add(pass: SweepPass): void {
    const before = this.#slow.findIndex(({ priority }) => priority > pass.priority);
    this.#slow.splice(before < 0 ? this.#slow.length : before, 0, pass);
    this.#ports.wake();
  }

  clear(): void {
    this.#quick = undefined;
    this.#slow.length = 0;
    this.#ports.ahead.end();
  }

  hasWork(lane: Lane): boolean {
    const pass = lane === 'urgent' ? this.#quick : this.#slow[0];
    if (pass === undefined || (pass !== this.#quick && this.#ports.ahead.isWaiting)) return false;
    return this.#ports.hasRoom();
  }

  run(lane: Lane, deadlineMs: number): void {
    const pass = lane === 'urgent' ? this.#quick : this.#slow[0];
    if (!pass) return;
    const { clock, flush } = this.#ports;
    const isDone = this.#work(pass, deadlineMs);
    // What it found goes together with what it will find to be gone: they may belong together.
    const isPaused = !isDone && pass.isPaused;
    if (isDone) this.#finish(pass);
    else if (pass === this.#quick && pass.stepCount > QUICK_STEPS) this.#demote(pass);
    const nowMs = clock.monotonicMs();
    const isRecent = nowMs - this.#flushedMs < FLUSH_MS;
    if (isPaused || (!isDone && lane === 'background' && isRecent)) return;
    this.#flushedMs = nowMs;
    flush();
  }

  #work(pass: SweepPass, deadlineMs: number): boolean {
    const { clock, hasRoom, addLateHints, ahead } = this.#ports;
    const isQuick = pass === this.#quick;
    if (isQuick && this.#isQuickResuming) {
      this.#isQuickResuming = false;
      addLateHints(pass);
    }
    for (let count = 1; ; count++) {
      const result = pass.step();
      if (result === 'done') return true;
      if (result === 'pause') {
        this.#isQuickResuming = isQuick;
        return false;
      }
      if (!isQuick && ahead.follow(pass)) return false;
      if (!hasRoom()) return false;
      if (count % CLOCK_EVERY_STEPS === 0 && clock.monotonicMs() >= deadlineMs) return false;
    }
  }

  #finish(pass: SweepPass): void {
    if (pass === this.#quick) {
      this.#quick = undefined;
      pass.onDone();
      this.#ports.onQuickDone();
      return;
    }
    const index = this.#slow.indexOf(pass);
    if (index >= 0) this.#slow.splice(index, 1);
    this.#ports.ahead.end();
    pass.onDone();
  }

  #demote(pass: SweepPass): void {
    this.#quick = undefined;
    this.#isQuickResuming = false;
    pass.priority = PRIORITY.hints;
    this.add(pass);
    this.#ports.onQuickDone();
  }
}
