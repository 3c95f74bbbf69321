import { isCodiError } from '../../../protocol/errors.ts';
import type { StoreKind } from '../open-database.ts';
import { assertMayHeal } from './heal.ts';
import { beginHealing, healingUnderWay } from './quarantine.ts';

/** More would be a disk that goes on failing: then each healing only makes copies. */
export const DEFAULT_HEALS_PER_HOUR = 3;

/** A writer met damage while it ran: the next one heals before it serves, unless that was done too often. */
export function askForHealing(
  kind: StoreKind,
  { dataDir, healsPerHour }: { dataDir: string; healsPerHour?: number },
  reason: string,
): void {
  const nowMs = Date.now();
  try {
    if (healingUnderWay(dataDir, kind)) return;
    assertMayHeal(dataDir, kind, {
      perHour: healsPerHour ?? DEFAULT_HEALS_PER_HOUR,
      nowMs,
      reason,
    });
    beginHealing(dataDir, kind, reason, nowMs);
  } catch (error) {
    // Too often, or nothing can be written: the thread ends all the same, and says why.
    if (!isCodiError(error) && !('code' in (error as object))) throw error;
  }
}
