import { ERRORS } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';

/** Value of a label whose value is not in its closed set. */
export const OTHER = 'other';

export const ERROR_CODES: readonly ErrorCode[] = Object.freeze(Object.keys(ERRORS) as ErrorCode[]);

/** Why a connection ended. */
export const CLOSE_REASONS = [
  'clientClosed',
  'refused',
  'handshakeTimeout',
  'slowConsumer',
  'shutdown',
  'crashed',
] as const;

/** Why something was dropped. */
export const DROP_REASONS = [
  'mailboxFull',
  'deadLetter',
  'slowConsumer',
  'hintOverflow',
  'limitReached',
  'shutdown',
] as const;

/** What a supervisor tells beside starts, exits and restarts. */
export const REPORT_KINDS = [
  'autoShutdown',
  'retrySlow',
  'shutdownError',
  'unstopped',
  'cleanupFailed',
  'deadLetter',
  'mailboxDropped',
] as const;
