import type { Timer } from './clock.ts';
import type { Slot } from './slot.ts';

/** One pending or running restart of a child or a group. A slot takes part while its `attempt` is this one. */
export class RestartAttempt {
  readonly slots: readonly Slot[];
  isCancelled = false;
  /** Set while it waits: for its delay, or for the next macro-task. */
  resume: (() => void) | undefined;
  timer: Timer | undefined;
  /** Wall time of the end of its delay. */
  dueAtMs: number | undefined;

  constructor(slots: readonly Slot[]) {
    this.slots = slots;
    for (const slot of slots) slot.attempt = this;
  }

  get isAbandoned(): boolean {
    return this.isCancelled || this.slots.every((slot) => slot.attempt !== this);
  }

  cancel(): void {
    this.isCancelled = true;
    this.resume = undefined;
    for (const slot of this.slots) if (slot.attempt === this) slot.attempt = undefined;
  }
}
