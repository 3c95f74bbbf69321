import type { Behaviour, Lifecycle } from './behaviour.ts';
import type { Clock } from './clock.ts';
import { FifoQueue } from './fifo-queue.ts';
import {
  createRootActor,
  stateWord,
  type MachineSnapshotView,
  type RootActor,
} from './statechart.ts';

export interface RunnerEvents {
  /** The machine moved outside of a turn (an invoked promise): asks for settle() in a turn. */
  onOutside(): void;
  /** A handler's promise rejected. */
  onCrash(error: unknown): void;
}

/**
 * One machine and its effects: feeds events, collects what each transition emits and runs the handlers after
 * it, in order, on a flat stack. It throws what machine or handlers threw; its cell catches.
 */
export class MachineRunner<Message> implements Lifecycle {
  readonly #behaviour: Behaviour<Message>;
  readonly #events: RunnerEvents;
  readonly #actor: RootActor;
  readonly #effects = new FifoQueue<{ type: string }>();
  /** Effects whose promise is not settled. */
  #pending = 0;
  #isFeeding = false;
  #isSettling = false;
  #isStopped = false;

  constructor(
    behaviour: Behaviour<Message>,
    clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>,
    events: RunnerEvents,
  ) {
    this.#behaviour = behaviour;
    this.#events = events;
    this.#actor = createRootActor(behaviour.machine, {
      input: behaviour.input,
      clock,
      onEmitted: (event) => this.#effects.push(event),
      onTransition: () => {
        if (!this.#isFeeding && !this.#isStopped) events.onOutside();
      },
    });
  }

  get snapshot(): MachineSnapshotView {
    return this.#actor.getSnapshot();
  }

  get machine(): Behaviour<Message>['machine'] {
    return this.#behaviour.machine;
  }

  get pendingEffects(): number {
    return this.#pending;
  }

  start(): void {
    this.#isFeeding = true;
    try {
      this.#actor.start();
    } finally {
      this.#isFeeding = false;
    }
    this.settle();
  }

  receive(message: Message): void {
    if (this.#behaviour.receive) this.#behaviour.receive(message, this);
    else this.send(message as { type: string });
  }

  send(event: { type: string }): void {
    if (this.#isStopped || this.snapshot.status !== 'active') return;
    this.#isFeeding = true;
    try {
      this.#actor.send(event);
    } finally {
      this.#isFeeding = false;
    }
    if (!this.#isSettling) this.settle();
  }

  /** Lets a timer of the machine fire. */
  run(task: () => void): void {
    this.#isFeeding = true;
    try {
      task();
    } finally {
      this.#isFeeding = false;
    }
    this.settle();
  }

  /** Runs the effects that wait. */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      for (;;) {
        const { status, error } = this.snapshot;
        if (status === 'error') throw error;
        const effect = this.#effects.shift();
        if (!effect || this.#isStopped) return;
        this.#carryOut(effect);
      }
    } finally {
      this.#isSettling = false;
    }
  }

  state(): string {
    return stateWord(this.snapshot.value);
  }

  hasTag(tag: string): boolean {
    return this.snapshot.hasTag(tag);
  }

  /** What the tree shows. Never throws. */
  status(): { state?: string; note?: string } {
    try {
      const { state = this.state(), note } = this.#behaviour.status?.() ?? {};
      return note === undefined ? { state } : { state, note };
    } catch {
      return { state: this.state(), note: 'status() failed' };
    }
  }

  /** Never throws. Effects that still wait are forgotten. */
  stop(): void {
    this.#isStopped = true;
    this.#effects.clear();
    try {
      this.#actor.stop();
    } catch {
      // Its state no longer matters to anybody.
    }
  }

  #carryOut(effect: { type: string }): void {
    const handlers: Record<string, ((effect: never, lifecycle: never) => unknown) | undefined> =
      this.#behaviour.effects;
    const handle = handlers[effect.type];
    if (!handle) throw new Error(`no handler for the effect '${effect.type}'`);
    const result = handle.call(handlers, effect as never, this as never);
    if (!(result instanceof Promise)) return;
    this.#pending += 1;
    result
      .catch((error: unknown) => this.#events.onCrash(error))
      .finally(() => (this.#pending -= 1));
  }
}
