import { acknowledgmentTemplate, encodeAcknowledgment } from '../../protocol/acknowledgment.ts';
import type { AnswerTemplate } from '../../protocol/answer-template.ts';
import { encodeBareAnswer } from '../../protocol/answer-frame.ts';
import type { RejectedEntry } from '../../protocol/entry.ts';
import { closesConnection, type CodiError, type ErrorCode } from '../../protocol/errors.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { ConnectionContext, PackedAnswers } from './ledger.messages.ts';

/** Why a message, or a part of it, was not taken. */
export interface Refusal {
  error: CodiError;
  retryAfterMs?: number | undefined;
  expectedSequence?: number | undefined;
  rejected?: readonly RejectedEntry[] | undefined;
}

type Answer =
  /** Accepted as it is: only the id of the request. */
  | Uint8Array
  | { requestId: Uint8Array | string; refusal: Refusal }
  | { requestId: Uint8Array; accepted: readonly RejectedEntry[] }
  | { error: CodiError };
interface ConnectionPage {
  format: ConnectionContext['format'];
  answers: Answer[];
  plainCount: number;
  closedBy: ErrorCode | null;
}
const COUNTER_OFFSET = 12;
/** Connection, bytes, count. */
const PLACE_NUMBERS = 3;

/**
 * The final answers of one commit group, by connection and in order of the messages. Collected while the
 * transaction runs, encoded only once its COMMIT has returned.
 */
export class AnswerBook {
  readonly #pages = new Map<number, ConnectionPage>();

  accept(context: ConnectionContext, requestId: Uint8Array): void {
    const page = this.#page(context);
    page.answers.push(requestId);
    page.plainCount++;
  }

  /** Taken, but for these entries of the batch. */
  acceptPartly(
    context: ConnectionContext,
    requestId: Uint8Array,
    rejected: readonly RejectedEntry[],
  ): void {
    this.#page(context).answers.push({ requestId, accepted: rejected });
  }

  refuse(context: ConnectionContext, requestId: Uint8Array | string, refusal: Refusal): void {
    const page = this.#page(context);
    page.answers.push({ requestId, refusal });
    noteClosing(page, refusal.error);
  }

  /** For a message that cannot even be named. */
  fail(context: ConnectionContext, error: CodiError): void {
    const page = this.#page(context);
    page.answers.push({ error });
    noteClosing(page, error);
  }

  /** `idBase`: 16 random bytes; its last four count the answers, so that each has its own id. */
  encode(timestamp: Timestamp, idBase: Buffer): PackedAnswers {
    const places = new Float64Array(this.#pages.size * PLACE_NUMBERS);
    const closedBy: PackedAnswers['closedBy'] = [];
    const layouts: PageLayout[] = [];
    let size = 0;
    let at = 0;
    for (const [connection, page] of this.#pages) {
      const layout = layOut(page, timestamp, idBase);
      layouts.push(layout);
      size += layout.bytes;
      places[at++] = connection;
      places[at++] = layout.bytes;
      places[at++] = page.answers.length;
      if (page.closedBy) closedBy.push([connection, page.closedBy]);
    }
    // Not from the pool: the buffer is transferred to the main thread.
    const bytes = Buffer.allocUnsafeSlow(size);
    let offset = 0;
    for (const layout of layouts) offset = writePage(bytes, offset, layout, idBase);
    return { bytes, places, closedBy };
  }

  #page(context: ConnectionContext): ConnectionPage {
    let page = this.#pages.get(context.connection);
    if (!page) {
      page = { format: context.format, answers: [], plainCount: 0, closedBy: null };
      this.#pages.set(context.connection, page);
    }
    return page;
  }
}

/** A peer that sends what is no message at all is answered, and then its connection ends. */
function noteClosing(page: ConnectionPage, error: CodiError): void {
  if (closesConnection(error.code)) page.closedBy ??= error.code;
}

interface PageLayout {
  page: ConnectionPage;
  /** What is the same in every answer that says no more than Accepted. */
  plain: AnswerTemplate;
  /** The frames of the answers that say more, at their places. */
  others: (Buffer | undefined)[];
  bytes: number;
}

function layOut(page: ConnectionPage, timestamp: Timestamp, idBase: Buffer): PageLayout {
  const { format, answers, plainCount } = page;
  const plain = acknowledgmentTemplate(timestamp, 'Accepted', format);
  let bytes = plainCount * plain.bytes;
  if (plainCount === answers.length) return { page, plain, others: [], bytes };
  const others = answers.map((answer) =>
    answer instanceof Uint8Array ? undefined : encodeOther(answer, timestamp, format, next(idBase)),
  );
  for (const frame of others) bytes += frame?.length ?? 0;
  return { page, plain, others, bytes };
}

/** Gives the offset behind it. */
function writePage(
  target: Buffer,
  start: number,
  { page: { answers }, plain, others }: PageLayout,
  idBase: Buffer,
): number {
  let offset = start;
  for (let index = 0; index < answers.length; index++) {
    const frame = others[index];
    if (frame) offset += frame.copy(target, offset);
    else offset = plain.write(target, offset, next(idBase), answers[index] as Uint8Array);
  }
  return offset;
}

function encodeOther(
  answer: Exclude<Answer, Uint8Array>,
  timestamp: Timestamp,
  format: ConnectionContext['format'],
  id: Uint8Array,
): Buffer {
  if ('error' in answer) {
    const body = (request_id: null) => ({ ...answer.error.toWire(), request_id });
    return encodeBareAnswer({ id, timestamp, requestId: null, kind: 'Error', body }, format);
  }
  const { requestId } = answer;
  if ('accepted' in answer) {
    const { accepted } = answer;
    return encodeAcknowledgment(
      { id, timestamp, requestId, status: 'Accepted', rejected: accepted },
      format,
    );
  }
  const { error, retryAfterMs, expectedSequence, rejected } = answer.refusal;
  const status = { Rejected: error.message };
  return encodeAcknowledgment(
    {
      id,
      timestamp,
      requestId,
      status,
      code: error.code,
      retryAfterMs,
      expectedSequence,
      rejected,
    },
    format,
  );
}

function next(idBase: Buffer): Buffer {
  idBase.writeUInt32BE((idBase.readUInt32BE(COUNTER_OFFSET) + 1) >>> 0, COUNTER_OFFSET);
  return idBase;
}
