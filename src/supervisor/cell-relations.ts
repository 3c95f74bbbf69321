import { ask, type AskResult, type Question } from './ask.ts';
import type { Monitor } from './cell-context.ts';
import type { Down, Relations } from './relations.ts';
import type { Runtime } from './runtime.ts';

/** Monitors that one incarnation holds on others. */
export const MONITORS_LIMIT = 10_000;

/** How a cell hears of others. */
export interface RelatedCell {
  /** Runs in a turn of the cell, unless it has ended by then. */
  enqueue(task: () => void): void;
  end(reason: Down['reason']): void;
}

/** The links and monitors that one incarnation has made; they end with it. */
export class CellRelations {
  readonly #cell: RelatedCell;
  readonly #own: Relations;
  readonly #runtime: Runtime;
  readonly #cancels = new Set<() => void>();
  #onExit: ((down: Down) => void) | undefined;

  constructor(cell: RelatedCell, own: Relations, runtime: Runtime) {
    this.#cell = cell;
    this.#own = own;
    this.#runtime = runtime;
  }

  /** OTP's monitor/2: `noproc` when nothing of that name runs. */
  monitor(name: string, onDown: (down: Down) => void): Monitor {
    if (this.#cancels.size >= MONITORS_LIMIT) throw new Error('too many monitors in one actor');
    let isWanted = true;
    let isDue = false;
    const fire = (down: Down) => {
      this.#cancels.delete(cancel);
      isDue = true;
      this.#cell.enqueue(() => {
        if (isWanted) onDown(down);
      });
    };
    const slot = this.#runtime.find(name);
    const stop = slot?.isUp ? slot.relations.monitor(fire) : undefined;
    const cancel = () => {
      this.#cancels.delete(cancel);
      stop?.();
    };
    if (stop) this.#cancels.add(cancel);
    else fire({ path: name, epoch: 0, reason: { kind: 'noproc' } });
    return {
      demonitor: (options) => {
        cancel();
        if (!isDue || options?.flush) isWanted = false;
      },
    };
  }

  /** OTP's link/1: an exit signal `noproc` when nothing of that name runs. */
  link(name: string): void {
    const slot = this.#runtime.find(name);
    if (slot?.isUp) this.#own.link(slot.relations);
    else this.exitSignal({ path: name, epoch: 0, reason: { kind: 'noproc' } });
  }

  unlink(name: string): void {
    const slot = this.#runtime.find(name);
    if (slot) this.#own.unlink(slot.relations);
  }

  /** OTP's process_flag(trap_exit, true). */
  trapExits(onExit: (down: Down) => void): void {
    this.#onExit = onExit;
  }

  exitSignal(down: Down): void {
    const onExit = this.#onExit;
    if (onExit) this.#cell.enqueue(() => onExit(down));
    else if (down.reason.kind !== 'normal') this.#cell.end(down.reason);
  }

  ask<Message, Reply>(
    name: string,
    question: Question<Message, Reply>,
    timeoutMs: number,
  ): Promise<AskResult<Reply>> {
    return ask(this.#runtime, name, question, timeoutMs, (cancel) => {
      this.#cancels.add(cancel);
      return () => this.#cancels.delete(cancel);
    });
  }

  close(): void {
    for (const cancel of [...this.#cancels]) cancel();
    this.#onExit = undefined;
  }
}
