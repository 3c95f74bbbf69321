import { isCodiError } from '../../../protocol/errors.ts';
import type { StoreKind } from '../open-database.ts';
import { assertMayHeal } from './heal.ts';
import { beginHealing, healingUnderWay } from './quarantine.ts';

/** More would be a disk that goes on failing: then each healing only makes copies. */
export const DEFAULT_HEALS_PER_HOUR = 3;

interface HealingOptions {
  dataDir: string;
  healsPerHour?: number;
}

/** Why a database may not be healed now, when it may not. */
export function refusalToHeal(
  kind: StoreKind,
  { dataDir, healsPerHour: perHour = DEFAULT_HEALS_PER_HOUR }: HealingOptions,
  reason: string,
): string | undefined {
  try {
    assertMayHeal(dataDir, kind, { perHour, nowMs: Date.now(), reason });
    return undefined;
  } catch (error) {
    if (isCodiError(error)) return `${error.message}; ${error.hint}`;
    throw error;
  }
}

/** A writer met damage while it ran: the next one heals before it serves, unless that was done too often. */
export function askForHealing(
  kind: StoreKind,
  { dataDir, healsPerHour: perHour = DEFAULT_HEALS_PER_HOUR }: HealingOptions,
  reason: string,
): void {
  const nowMs = Date.now();
  try {
    if (healingUnderWay(dataDir, kind)) return;
    assertMayHeal(dataDir, kind, { perHour, nowMs, reason });
    beginHealing(dataDir, kind, reason, nowMs);
  } catch (error) {
    // Too often, or nothing can be written: the thread ends all the same, and says why.
    if (!isCodiError(error) && !('code' in (error as object))) throw error;
  }
}
