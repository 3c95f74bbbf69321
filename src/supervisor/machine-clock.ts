import type { Clock, Timer } from './clock.ts';
import type { Scope } from './cell-context.ts';

/**
 * The clock a machine sees: its delayed transitions fire as steps of its own cell's turns, and end with the
 * cell.
 */
export function machineClock(
  scope: Scope,
  enqueue: (fire: () => void) => void,
): Pick<Clock, 'setTimeout' | 'clearTimeout'> {
  return {
    setTimeout(callback, delayMs): Timer {
      let isCancelled = false;
      const cancelTimer = scope.after(delayMs, () =>
        enqueue(() => {
          if (!isCancelled) callback();
        }),
      );
      const cancel = () => {
        isCancelled = true;
        cancelTimer();
      };
      return { id: cancel };
    },
    clearTimeout(timer) {
      (timer.id as () => void)();
    },
  };
}
