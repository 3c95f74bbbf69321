import { isCodiError } from '../../protocol/errors.ts';
import type { CellContext } from '../../supervisor/index.ts';

const RETRY_MS = 250;

/**
 * Reads for an actor that cannot start without the answer, and waits while the ledger is away or being healed: to fail
 * for that would only mean to come again, and after a few times to take the daemon along. Ends with the scope.
 */
export async function patientRead<T>(
  scope: Pick<CellContext<never>['scope'], 'after'>,
  read: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isPassing =
        isCodiError(error) && (error.retryable || error.code === 'CODI_STORE_CORRUPT');
      if (!isPassing) throw error;
      await new Promise<void>((resolve) => scope.after(RETRY_MS, resolve));
    }
  }
}
