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

/** Sockets clients come by. */
export const DOOR_NAMES = ['unix', 'legacy', 'tcp'] as const;

/** Why a connection to the TLS port did not become a client. */
export const TLS_TROUBLES = ['plain', 'handshake', 'timeout', 'tooMany'] as const;

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

/** Pages of the HTTP port; `none` for what is not served. */
export const HTTP_ROUTES = ['/metrics', '/livez', '/readyz', '/health', 'none'] as const;
export type HttpRoute = (typeof HTTP_ROUTES)[number];

/** Statuses it answers with. */
export const HTTP_STATUSES = [
  '200',
  '400',
  '404',
  '405',
  '408',
  '421',
  '431',
  '500',
  '503',
] as const;
export type HttpStatus = (typeof HTTP_STATUSES)[number];

/** Kinds of garbage collection, as Prometheus clients for Node name them. */
export const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcKind = (typeof GC_KINDS)[number];
