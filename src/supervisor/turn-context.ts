import { AsyncLocalStorage } from 'node:async_hooks';

/** Who a piece of asynchronous work belongs to. */
export interface TurnOwner {
  readonly path: string;
  readonly epoch: number;
  /** Ends that incarnation as crashed; nothing happens when it has ended already. */
  crash(error: unknown): void;
}

const storage = new AsyncLocalStorage<TurnOwner>();

/** Runs in the name of an owner; what it starts asynchronously stays attributed to it. */
export function runOwned<T>(owner: TurnOwner, run: () => T): T {
  return storage.run(owner, run);
}

export function isOwnedBy(owner: TurnOwner): boolean {
  return storage.getStore() === owner;
}

/**
 * The actor that the present call, timer or promise belongs to, as far as it is known. A safety net for the
 * process's `uncaughtException` and `unhandledRejection`: wrap callbacks instead of relying on it.
 */
export function ownerOfCurrentContext(): TurnOwner | undefined {
  return storage.getStore();
}
