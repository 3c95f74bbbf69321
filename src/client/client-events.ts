import type { CodiError } from '../protocol/errors.ts';

/** What happens to a client beside the answers to its calls. */
export type ClientEvent =
  /** Entries go to a daemon; what was spooled before is with it. */
  | { type: 'connected'; via: 'unix' | 'tcp' }
  /** A connection that was up is gone; entries wait. */
  | { type: 'disconnected'; error: CodiError }
  /** No daemon can be reached: entries go to the spool in this folder until one is back. */
  | { type: 'standalone'; directory: string; error: CodiError }
  /** Entries in this folder are left to a daemon that reads it: the one at hand does not get on with them. */
  | { type: 'spool_left'; directory: string }
  /** The spool takes nothing at the moment, because it is full or the disk refuses; entries wait. */
  | { type: 'spool_refused'; error: CodiError }
  /** Entries that were acknowledged under `interval` may not survive a power cut. */
  | { type: 'spool_sync_failed'; error: CodiError }
  /** So many entries are lost to this client: nobody took them in time. */
  | { type: 'dropped'; count: number; error: CodiError };

/** What a client has done so far, in entries. */
export interface ClientCounts {
  /** Accepted by the spool. */
  readonly spooled: number;
  readonly dropped: number;
}

/** Where entries go at the moment. */
export type ClientMode = 'connecting' | 'connected' | 'standalone';
