import type { ActorRef, SendResult } from './cell-context.ts';
import type { Slot } from './slot.ts';

/** Whoever takes messages under a name. */
export interface Recipient {
  readonly isRemoved: boolean;
  /** Its place in the tree. */
  readonly slot: Slot;
  deliver(message: unknown, bytes: number): SendResult;
  whenSpace(listener: () => void): void;
}

/**
 * Names of actors and paths of all nodes. A name belongs to a slot, not to an incarnation: it stays while its
 * actor restarts.
 */
export class Registry {
  readonly #recipients = new Map<string, Recipient>();
  readonly #onNoproc: (name: string, message: unknown, bytes: number) => void;

  constructor(onNoproc: (name: string, message: unknown, bytes: number) => void) {
    this.#onNoproc = onNoproc;
  }

  /** False when the name is taken. */
  register(name: string, recipient: Recipient): boolean {
    if (this.#recipients.has(name)) return false;
    this.#recipients.set(name, recipient);
    return true;
  }

  unregister(name: string, recipient: Recipient): void {
    if (this.#recipients.get(name) === recipient) this.#recipients.delete(name);
  }

  find(name: string): Recipient | undefined {
    return this.#recipients.get(name);
  }

  noproc(name: string, message: unknown, bytes: number): SendResult {
    this.#onNoproc(name, message, bytes);
    return 'noproc';
  }

  ref<M>(name: string): ActorRef<M> {
    return new NamedRef(this, name);
  }
}

/** Looks its name up at each send; keeps what it found while that is in the tree. */
class NamedRef<M> implements ActorRef<M> {
  readonly name: string;
  readonly #registry: Registry;
  #known: Recipient | undefined;

  constructor(registry: Registry, name: string) {
    this.#registry = registry;
    this.name = name;
  }

  send(message: M, bytes = 0): SendResult {
    const recipient = this.#resolve();
    return recipient
      ? recipient.deliver(message, bytes)
      : this.#registry.noproc(this.name, message, bytes);
  }

  whenSpace(listener: () => void): void {
    this.#resolve()?.whenSpace(listener);
  }

  #resolve(): Recipient | undefined {
    if (!this.#known || this.#known.isRemoved) this.#known = this.#registry.find(this.name);
    return this.#known;
  }
}
