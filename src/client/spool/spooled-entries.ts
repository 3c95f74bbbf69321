import { decodeEntries } from '../../protocol/entry.ts';
import { parseBody, isMap } from '../../protocol/envelope.ts';
import { CodiError } from '../../protocol/errors.ts';
import { SCAN_LIMITS } from '../../protocol/limits.ts';
import type { MessagePorts } from '../../protocol/messages.ts';
import type { PackedValue } from '../../protocol/msgpack-decode.ts';
import { spoolEntryLine } from '../../protocol/spool-line.ts';
import type { SpoolSpeaker } from '../../protocol/spool-line.ts';
import type { SpoolRun, SpoolSegment } from './spool.ts';

const PREFIX_BYTES = 4;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** Of what is sent in one message when the daemon is back: about one commit. */
const BATCH = { entries: 512, bytes: 128 * 1024 };

/** Lines for the spool, and what is wrong with entries that will never be taken, by position. */
export interface FrameLines {
  requestId: string;
  count: number;
  run: SpoolRun;
  rejected: ReadonlyMap<number, CodiError>;
}

/** The lines of a LogBatch frame as the pipeline sends it. */
export function linesOfFrame(
  frame: Buffer,
  speaker: SpoolSpeaker,
  sessionId: string | null,
  ports: MessagePorts,
): FrameLines {
  const decoded = decodeEntries(frame.subarray(PREFIX_BYTES), 'msgpack', ports);
  if (!decoded.ok) throw decoded.error;
  const first = decoded.sequence ?? 1;
  const lines = decoded.entries.map((entry) => {
    const sequence = entry.sequence ?? first;
    return {
      sequence,
      text: spoolEntryLine(entry, speaker, { id: ports.newId(), sequence, sessionId }),
    };
  });
  const rejected = new Map<number, CodiError>();
  for (const { index, code, reason } of decoded.rejected) {
    rejected.set(index, new CodiError(code, { reason }));
    // It uses up its number here as it does in the ledger, or its followers would wait for it.
    const sequence = first + index;
    lines.push({ sequence, text: refusedLine(speaker, sequence, reason, ports) });
  }
  lines.sort((one, two) => one.sequence - two.sequence);
  const text = lines.map((line) => `${line.text}\n`).join('');
  const lastSequence = first + decoded.count - 1;
  const run = { producerId: speaker.producerId, lastSequence, text };
  return { requestId: decoded.id, count: decoded.count, run, rejected };
}

function refusedLine(
  { producerId }: SpoolSpeaker,
  sequence: number,
  refused: string,
  ports: MessagePorts,
): string {
  const timestamp = new Date(ports.now().seconds * 1000).toISOString();
  const LogEntry = { level: null, refused, sequence };
  return JSON.stringify({ producer_id: producerId, id: ports.newId(), timestamp, LogEntry });
}

/** Consecutive entries, read back from a spool. */
export interface SpooledRun {
  firstSequence: number;
  entries: PackedValue[];
}

/** The entries behind a sequence, as messages can carry them; what cannot be read is left out. */
export async function* spooledAfter(
  segments: readonly SpoolSegment[],
  sequence: number,
): AsyncGenerator<SpooledRun> {
  let last = sequence;
  for (const segment of segments) {
    let run: SpooledRun = { firstSequence: last + 1, entries: [] };
    let bytes = 0;
    for await (const line of linesOf(segment)) {
      const entry = entryOf(line);
      if (entry === undefined || entry.sequence <= last) continue;
      const isBroken = entry.sequence !== last + 1 || run.entries.length >= BATCH.entries;
      if (run.entries.length > 0 && (isBroken || bytes + line.length > BATCH.bytes)) {
        yield run;
        run = { firstSequence: entry.sequence, entries: [] };
        bytes = 0;
      }
      if (run.entries.length === 0) run.firstSequence = entry.sequence;
      run.entries.push(entry.value);
      bytes += line.length;
      last = entry.sequence;
    }
    if (run.entries.length > 0) yield run;
  }
}

function entryOf(line: Buffer): { sequence: number; value: PackedValue } | undefined {
  const message = parseBody(line, 'json', SCAN_LIMITS);
  if (!isMap(message)) return undefined;
  const body = message['LogEntry'];
  if (!isMap(body) || typeof body['sequence'] !== 'number') return undefined;
  const { sequence, ...fields } = body;
  return { sequence, value: { ...fields, timestamp: message['timestamp'] ?? null } };
}

/** Whole lines of what was acknowledged, and perhaps of what is being written. */
async function* linesOf({ file }: SpoolSegment): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for (let position = 0; ;) {
    const chunk = await file.read(position, CHUNK_BYTES);
    if (chunk.length === 0) return;
    position += chunk.length;
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let start = 0;
    for (let end = held.indexOf(NEWLINE); end >= 0; end = held.indexOf(NEWLINE, start)) {
      yield held.subarray(start, end);
      start = end + 1;
    }
    held = held.subarray(start);
  }
}
