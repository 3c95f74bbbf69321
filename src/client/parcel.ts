import { uuidToBytes } from '../protocol/uuid.ts';
import type { Waiting } from './entry-waiter.ts';
import { timeText } from './entry-writer.ts';
import type { EntryRun } from './log-slab.ts';

/** Entries that travel in one message and are answered together. */
export interface Parcel extends Waiting {
  id: string;
  firstSequence: number;
  readonly frame: Buffer;
  /** Sent on the present connection and not answered on it. */
  isInFlight: boolean;
}

export function lastSequence(parcel: Parcel): number {
  return parcel.firstSequence + parcel.waiters.length - 1;
}

// A LogBatch in compact form: [id, timestamp, {LogBatch: [entries, first_sequence]}].
const PREFIX_BYTES = 4;
const ID_START = PREFIX_BYTES + 3;
const TIME_START = ID_START + 16;
const KIND = Buffer.from('\u0081\u00a8LogBatch\u0092\u00dd', 'latin1');
const COUNT_BYTES = 4;
const SEQUENCE_BYTES = 9;
const FIXED_BYTES = TIME_START + 1 + KIND.length + COUNT_BYTES + SEQUENCE_BYTES;

/** Makes the message of some entries, numbered from `firstSequence`. */
export function sealParcel(run: EntryRun, id: string, firstSequence: number): Parcel {
  const { firstOrdinal, waiters, bytes, timeMs } = run;
  const time = timeText(timeMs);
  const frame = Buffer.allocUnsafe(FIXED_BYTES + time.length + bytes);
  frame.writeUInt32LE(frame.length - PREFIX_BYTES, 0);
  frame[PREFIX_BYTES] = 0x93;
  frame[PREFIX_BYTES + 1] = 0xc4;
  frame[PREFIX_BYTES + 2] = 16;
  frame[TIME_START] = 0xa0 | time.length;
  frame.write(time, TIME_START + 1, 'latin1');
  const kindStart = TIME_START + 1 + time.length;
  frame.set(KIND, kindStart);
  frame.writeUInt32BE(waiters.length, kindStart + KIND.length);
  run.copyTo(frame, kindStart + KIND.length + COUNT_BYTES);
  const parcel = { id, firstSequence, firstOrdinal, waiters, frame, isInFlight: true };
  numberParcel(parcel, id, firstSequence);
  return parcel;
}

/** Gives a message another id and its entries other numbers. */
export function numberParcel(parcel: Parcel, id: string, firstSequence: number): void {
  const { frame } = parcel;
  const sequenceStart = frame.length - SEQUENCE_BYTES;
  frame.set(uuidToBytes(id), ID_START);
  frame[sequenceStart] = 0xcf;
  frame.writeBigUInt64BE(BigInt(firstSequence), sequenceStart + 1);
  parcel.id = id;
  parcel.firstSequence = firstSequence;
}
