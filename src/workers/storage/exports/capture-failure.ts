import { CodiError, isCodiError } from '../../../protocol/errors.ts';

/** Why a capture did not work, for now. */
export function failureOf(error: unknown): CodiError {
  if (isCodiError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = message ?? String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new CodiError('CODI_DISK_FULL', { reason });
  if (code !== undefined && /^E[A-Z]+$/.test(code))
    return new CodiError('CODI_STORAGE_UNAVAILABLE', { reason });
  return new CodiError('CODI_INTERNAL', { reason });
}
