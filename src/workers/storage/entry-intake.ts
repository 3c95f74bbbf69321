import { decodeEntries } from '../../protocol/entry.ts';
import type { DecodedEntries, EntriesResult, EntryRecord } from '../../protocol/entry-record.ts';
import { CodiError, type ErrorCode } from '../../protocol/errors.ts';
import { SESSION_BY } from '../../protocol/kinds.ts';
import type { MessagePorts } from '../../protocol/messages.ts';
import type { AnswerBook, Refusal } from './answer-book.ts';
import { claimedSequence } from './claimed-sequence.ts';
import { codeOf } from './codes.ts';
import { KnownContexts } from './contexts.messages.ts';
import type { FrameIds } from './frame-ids.ts';
import type { GroupHeads } from './group-heads.ts';
import type { ConnectionContext, EntriesMessage, RejectedCounts } from './ledger.messages.ts';
import { LogStream } from './log-stream.ts';
import type { SqliteDatabase } from './open-database.ts';
import { judgeSequence, Producers } from './producers.ts';
import { idKey, RecentIds } from './recent-ids.ts';

const BY_CONNECTION = codeOf(SESSION_BY, 'connection');
const BY_CONFIG = codeOf(SESSION_BY, 'config');

type FailedEntries = Extract<EntriesResult, { ok: false }>;

/** What one transaction collects. */
export interface EntryGroup {
  heads: GroupHeads;
  answers: AnswerBook;
  nowMs: number;
  duplicates: number;
  rejected: RejectedCounts;
}

export interface EntryPorts {
  now: MessagePorts['now'];
  frameIds: FrameIds;
}

/** Takes log entries into a transaction: decodes, finds duplicates and gaps, adds rows. */
export class EntryIntake {
  readonly stream: LogStream;
  readonly #producers: Producers;
  readonly #recentIds: RecentIds;
  readonly #ports: MessagePorts;
  readonly #frameIds: FrameIds;
  readonly #contexts = new KnownContexts();

  constructor(database: SqliteDatabase, recentIds: number, { now, frameIds }: EntryPorts) {
    this.stream = new LogStream(database);
    this.#producers = new Producers(database);
    this.#recentIds = new RecentIds(database, recentIds);
    this.#frameIds = frameIds;
    this.#ports = { now, newId: frameIds.next };
  }

  take(message: EntriesMessage, group: EntryGroup): void {
    this.#forEachFrame(message, (context, body, frame) => {
      this.#frameIds.at(message.batch, frame);
      const decoded = decodeEntries(body, context.format, this.#ports);
      if (decoded.ok) {
        this.#takeDecoded(context, decoded, group);
        return;
      }
      this.#takeInvalid(context, body, decoded, group);
    });
  }

  /** Rejects every message, because nothing of the transaction was taken. */
  refuse(message: EntriesMessage, answers: AnswerBook, error: CodiError, retryMs: number): void {
    this.#forEachFrame(message, (context, body, frame) => {
      this.#frameIds.at(message.batch, frame);
      const decoded = decodeEntries(body, context.format, this.#ports);
      const requestId = decoded.ok ? decoded.idBytes : decoded.id;
      if (requestId === undefined) answers.fail(context, error);
      else answers.refuse(context, requestId, { error, retryAfterMs: retryMs });
    });
  }

  /** Last writes of the transaction. */
  flush(nowMs: number): void {
    this.stream.flush();
    this.#producers.write(nowMs);
    this.#recentIds.write();
  }

  committed(): void {
    this.#producers.committed();
    this.#recentIds.committed();
    this.stream.reset();
  }

  rolledBack(): void {
    this.#producers.rolledBack();
    this.#recentIds.rolledBack();
    this.stream.reset();
  }

  #forEachFrame(
    { bytes, frames, contexts: texts }: EntriesMessage,
    visit: (context: ConnectionContext, body: Buffer, frame: number) => void,
  ): void {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const contexts = texts.map((text) => this.#contexts.read(text));
    for (let at = 0; at + 2 < frames.length; at += 3) {
      const start = frames[at + 1]!;
      visit(contexts[frames[at]!]!, all.subarray(start, start + frames[at + 2]!), at / 3);
    }
  }

  #takeDecoded(context: ConnectionContext, decoded: DecodedEntries, group: EntryGroup): void {
    const { producerId } = context;
    const isTaken =
      producerId !== null && decoded.sequence !== null
        ? this.#takeSequenced(context, producerId, decoded.sequence, decoded, group)
        : this.#takeById(context, decoded, group);
    if (isTaken) answerTaken(context, decoded, group);
  }

  #takeInvalid(
    context: ConnectionContext,
    body: Buffer,
    { error, id }: FailedEntries,
    group: EntryGroup,
  ): void {
    if (id === undefined) {
      countRejected(group, error.code);
      group.answers.fail(context, error);
      return;
    }
    const { producerId, format } = context;
    const sequence = producerId === null ? undefined : claimedSequence(body, format, this.#ports);
    if (producerId !== null && sequence !== undefined) {
      const highest = this.#producers.highest(producerId);
      const verdict = judgeSequence(highest, sequence, 1);
      if (verdict === 'gap') {
        countRejected(group, 'CODI_SEQUENCE_GAP');
        group.answers.refuse(context, id, sequenceRefusal(sequence, highest + 1));
        return;
      }
      if (verdict === 'next') this.#producers.stage(producerId, sequence);
    }
    countRejected(group, error.code);
    group.answers.refuse(context, id, { error });
  }

  #takeSequenced(
    context: ConnectionContext,
    producerId: string,
    first: number,
    decoded: DecodedEntries,
    group: EntryGroup,
  ): boolean {
    const highest = this.#producers.highest(producerId);
    if (first < 1 || judgeSequence(highest, first, decoded.count) === 'gap') {
      countRejected(group, 'CODI_SEQUENCE_GAP', decoded.count);
      group.answers.refuse(context, decoded.idBytes, sequenceRefusal(first, highest + 1));
      return false;
    }
    for (const entry of decoded.entries) {
      if ((entry.sequence ?? first) > highest) this.#store(entry, context, group);
      else group.duplicates += 1;
    }
    const last = first + decoded.count - 1;
    if (last > highest) this.#producers.stage(producerId, last);
    return true;
  }

  #takeById(context: ConnectionContext, decoded: DecodedEntries, group: EntryGroup): boolean {
    if (decoded.entries.length === 0) return true;
    const key = idKey(decoded.idBytes);
    if (this.#recentIds.has(key)) {
      group.duplicates += decoded.entries.length;
      return true;
    }
    for (const entry of decoded.entries) this.#store(entry, context, group);
    this.#recentIds.stage(key);
    return true;
  }

  #store(entry: EntryRecord, context: ConnectionContext, { heads, nowMs }: EntryGroup): void {
    heads.logs += 1;
    this.stream.add({
      id: heads.logs,
      seconds: entry.seconds,
      nanos: entry.nanos,
      level: entry.level,
      component: entry.component,
      session_id: entry.sessionId ?? context.sessionId,
      session_by: sessionBy(entry, context),
      message: entry.message,
      metadata: entry.metadata,
      tenant_id: context.tenantId,
      user_id: context.userId,
      created_ms: nowMs,
    });
  }
}

/** Null when the entry itself names its session, or has none. */
function sessionBy(entry: EntryRecord, context: ConnectionContext): number | null {
  if (entry.sessionId !== null || context.sessionId === null) return null;
  return context.sessionBy === 'connection' ? BY_CONNECTION : BY_CONFIG;
}

function countRejected({ rejected }: EntryGroup, code: ErrorCode, count = 1): void {
  rejected[code] = (rejected[code] ?? 0) + count;
}

function answerTaken(context: ConnectionContext, decoded: DecodedEntries, group: EntryGroup): void {
  const { idBytes, entries, rejected } = decoded;
  for (const { code } of rejected) countRejected(group, code);
  if (rejected.length === 0) group.answers.accept(context, idBytes);
  else if (entries.length > 0) group.answers.acceptPartly(context, idBytes, rejected);
  else {
    const error = new CodiError('CODI_ENTRY_INVALID', { reason: rejected[0]!.reason });
    group.answers.refuse(context, idBytes, { error, rejected });
  }
}

function sequenceRefusal(sequence: number, expected: number): Refusal {
  const error =
    sequence < 1
      ? new CodiError('CODI_ENTRY_INVALID', { reason: 'sequence counts from 1' })
      : new CodiError('CODI_SEQUENCE_GAP', { sequence, expected });
  return { error, expectedSequence: expected };
}
