import { countEvents, FILE_EVENT_COST_BYTES } from '../../protocol/packed-events.ts';
import type { LedgerWork } from './ledger.messages.ts';

/** An act is a row of a few hundred bytes and its canonical bytes. */
const ACT_BYTES = 1_024;

/** What a message adds to its commit group. */
export function workBytes(work: LedgerWork): number {
  if (work.type === 'entries') return work.bytes.byteLength;
  if (work.type === 'acts') return work.acts.length * ACT_BYTES;
  if (work.type === 'exports') return work.records.length * ACT_BYTES;
  return work.type === 'fileEvents' ? countEvents(work.events) * FILE_EVENT_COST_BYTES : 0;
}

/** How many messages from the front make one group: at least one, then as many as the limit holds. */
export function groupLength(queue: readonly { bytes: number }[], limitBytes: number): number {
  let bytes = 0;
  let count = 0;
  for (const item of queue) {
    bytes += item.bytes;
    if (count > 0 && bytes > limitBytes) break;
    count++;
  }
  return count;
}
