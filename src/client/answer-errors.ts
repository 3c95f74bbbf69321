import { CodiError, ERRORS } from '../protocol/errors.ts';
import type { ErrorCode, WireError } from '../protocol/errors.ts';

/** The error that an `Error` answer carries. */
export function errorFromAnswer(body: WireError): CodiError {
  return CodiError.fromWire(body);
}

/**
 * The error of a refused acknowledgment. The original protocol has only the reason; with a code, the
 * table says whether sending again may help.
 */
export function errorFromAcknowledgment(
  code: string | null | undefined,
  reason: string,
  details: Record<string, unknown> = {},
): CodiError {
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code);
  if (known) return new CodiError(code as ErrorCode, details, { message: reason });
  const options = { message: `the daemon refused: ${reason}` };
  return new CodiError((code ?? 'CODI_ENTRY_INVALID') as ErrorCode, details, options);
}
