import type { Scope } from '../../supervisor/index.ts';

/** Timers come due before sockets are read, so one more turn of the event loop is waited for. */
const TURN_MS = 1;

/**
 * Runs the callback after a time in which a peer should have sent something, unless it is stopped. A daemon that was
 * busy meanwhile first reads what had come in time. Returns the stop.
 */
export function afterReading(scope: Scope, timeoutMs: number, callback: () => void): () => void {
  let stop = scope.after(timeoutMs, () => {
    stop = scope.after(TURN_MS, callback);
  });
  return () => stop();
}
