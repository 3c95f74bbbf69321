import type { CodiError } from '../protocol/errors.ts';
import type { EntryPlace } from './entry-waiter.ts';
import type { Payload } from '../protocol/messages.ts';
import { errorFromAcknowledgment, errorFromAnswer } from './answer-errors.ts';

/** What an answer says about one message of entries. */
export type ParcelAnswer = { requestId: string } & (
  | { status: 'queued' }
  /** Committed, but for the entries at these positions. */
  | { status: 'accepted'; place: EntryPlace; rejected?: ReadonlyMap<number, CodiError> }
  | { status: 'rejected'; error: CodiError; retryAfterMs?: number; expectedSequence?: number }
);

/** Reads an answer as one about entries; undefined when it cannot be one. */
export function parcelAnswer(payload: Payload): ParcelAnswer | undefined {
  if (payload.kind === 'Error') {
    const requestId = payload.body.request_id;
    if (!requestId) return undefined;
    return { requestId, status: 'rejected', error: errorFromAnswer(payload.body) };
  }
  if (payload.kind !== 'Acknowledgment') return undefined;
  const { body } = payload;
  const requestId = body.request_id;
  if (body.status === 'Queued') return { requestId, status: 'queued' };
  if (body.status === 'Accepted') {
    if (!body.rejected || body.rejected.length === 0)
      return { requestId, status: 'accepted', place: 'ledger' };
    const rejected = new Map(
      body.rejected.map((row) => [row.index, errorFromAcknowledgment(row.code, row.reason)]),
    );
    return { requestId, status: 'accepted', place: 'ledger', rejected };
  }
  return {
    requestId,
    status: 'rejected',
    error: errorFromAcknowledgment(body.code, body.status.Rejected),
    ...(typeof body.retry_after_ms === 'number' && { retryAfterMs: body.retry_after_ms }),
    ...(typeof body.expected_sequence === 'number' && { expectedSequence: body.expected_sequence }),
  };
}
