import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord } from '#codi/protocol/file-event.js';
import type { Message } from '#codi/protocol/messages.js';
import { countEvents, unpackEvents } from '#codi/protocol/packed-events.js';
import { KnownContexts } from '#codi/workers/storage/contexts.messages.js';
import type {
  CommittedMessage,
  ExportsMessage,
  EntriesMessage,
  FileEventsMessage,
  FromLedger,
  LedgerHead,
  LedgerRoom,
  LedgerWork,
  PackedAnswers,
  RefusedMessage,
  ToLedger,
} from '#codi/workers/storage/ledger.messages.js';
import { NO_ANSWERS } from '#codi/workers/storage/answers.messages.js';
import type { VirtualHost } from './virtual-environment.ts';

export interface RecordedRoot {
  rootId: number;
  sequence: number;
  events: FileEventRecord[];
}

const NOTHING_RETOLD = { moves: [], updates: [] };

/** What a ledger thread has on disk: it outlives threads, and recognises what it has seen. */
export class LedgerDisk {
  readonly entries: { id: string; connection: number; text: string }[] = [];
  readonly roots = new Map<BytePath, RecordedRoot>();
  readonly exports: ExportsMessage[] = [];
  /** Messages that came again after they were stored. */
  duplicates = 0;
  /** Stored at a time when the thread died without saying so. */
  readonly untold = new Set<string>();
  readonly #ids = new Set<string>();
  #events = 0;
  #blocks = 0;
  #acts = 0;
  #answers = 0;

  get head(): LedgerHead {
    const { length: logs } = this.entries;
    const counts = { logs, fileEvents: this.#events, lost: 0, blocks: this.#blocks };
    return { ...counts, bytes: 0, lastCommitMs: null };
  }

  /** Stores a group as one transaction; what the thread would say of it. */
  commit(group: readonly LedgerWork[]): FromLedger[] {
    const before = this.head;
    const settled: number[] = [];
    const fileStarts: CommittedMessage['fileStarts'] = [];
    const refused: number[] = [];
    const later: FromLedger[] = [];
    const actsBefore = this.#acts;
    const answers = new Map<number, Buffer[]>();
    for (const work of group) {
      const { batch } = work;
      if (work.type === 'entries') {
        this.#eachFrame(work, (message, connection) => {
          this.#store(message, connection);
          this.#answer(answers, connection, message.id, 'Accepted');
        });
        settled.push(batch);
      } else if (work.type === 'fileEvents') {
        const firstSeq = this.head.fileEvents + 1;
        (this.#storeEvents(work) ? settled : refused).push(batch);
        if (this.head.fileEvents >= firstSeq) fileStarts.push([batch, firstSeq, NOTHING_RETOLD]);
      } else if (work.type === 'openRoot') {
        const isKnown = this.roots.has(work.rootPath);
        const { rootId, sequence: lastSequence } = this.#root(work.rootPath);
        later.push({ type: 'rootOpened', batch, rootId, lastSequence, isNew: !isKnown });
      } else if (work.type === 'acts') {
        this.#acts += work.acts.length;
        settled.push(batch);
      } else {
        this.exports.push(work);
        settled.push(batch);
      }
    }
    const isNew =
      this.head.logs + this.head.fileEvents > before.logs + before.fileEvents ||
      this.#acts > actsBefore;
    const committed: CommittedMessage = {
      type: 'committed',
      batches: settled,
      block: isNew ? this.#blocks++ : null,
      logs: range(before.logs, this.head.logs),
      files: range(before.fileEvents, this.head.fileEvents),
      fileStarts,
      acts: range(actsBefore, this.#acts),
      exports: null,
      bytes: 1,
      durationMs: 1,
      answers: encode(answers),
      duplicates: 0,
      rejected: {},
    };
    const facts: FromLedger[] = settled.length > 0 ? [committed] : [];
    const outOfOrder =
      refused.length > 0 ? [refusal(refused, 'CODI_SEQUENCE_GAP', 50, NO_ANSWERS)] : [];
    return [...facts, ...later, ...outOfOrder];
  }

  /** A disk that takes nothing: entries are answered, the rest must come again. */
  refuse(group: readonly LedgerWork[], retryMs = 100): RefusedMessage {
    const answers = new Map<number, Buffer[]>();
    for (const work of group)
      if (work.type === 'entries')
        this.#eachFrame(work, (message, connection) =>
          this.#answer(answers, connection, message.id, { Rejected: 'the disk is full' }),
        );
    const batches = group.map(({ batch }) => batch);
    return refusal(batches, 'CODI_DISK_FULL', retryMs, encode(answers));
  }

  #root(path: BytePath): RecordedRoot {
    let root = this.roots.get(path);
    if (!root)
      this.roots.set(path, (root = { rootId: this.roots.size + 1, sequence: 0, events: [] }));
    return root;
  }

  #store(message: Message, connection: number): void {
    if (this.#ids.has(message.id)) this.duplicates += 1;
    else {
      this.#ids.add(message.id);
      const { payload } = message;
      const text = payload.kind === 'LogEntry' ? payload.body.message : payload.kind;
      this.entries.push({ id: message.id, connection, text });
    }
  }

  /** False when it must come again: the root is another one, or a batch before it is missing. */
  #storeEvents({ rootId, rootPath, sequence, events }: FileEventsMessage): boolean {
    const root = this.#root(rootPath);
    if (root.rootId !== rootId || sequence > root.sequence + 1) return false;
    if (sequence <= root.sequence) {
      this.duplicates += 1;
      return true;
    }
    root.sequence = sequence;
    root.events.push(...unpackEvents(events));
    this.#events += countEvents(events);
    return true;
  }

  #eachFrame(work: EntriesMessage, use: (message: Message, connection: number) => void): void {
    const contexts = new KnownContexts();
    for (let at = 0; at < work.frames.length; at += 3) {
      const [index, offset, length] = work.frames.subarray(at, at + 3) as unknown as number[];
      const { connection, format } = contexts.read(work.contexts[index!]!);
      const body = Buffer.from(work.bytes).subarray(offset, offset! + length!);
      const decoded = decodeMessage(body, format);
      if (!decoded.ok) throw decoded.error;
      use(decoded.message, connection);
    }
  }

  #answer(
    answers: Map<number, Buffer[]>,
    connection: number,
    requestId: string,
    status: 'Accepted' | { Rejected: string },
  ): void {
    const id = `00000000-0000-4000-9000-${(++this.#answers).toString(16).padStart(12, '0')}`;
    const payload = { kind: 'Acknowledgment', body: { request_id: requestId, status } };
    const message = { id, timestamp: { seconds: 0, nanos: 0 }, payload } as Message;
    const list = answers.get(connection) ?? [];
    list.push(encodeMessage(message, 'msgpack'));
    answers.set(connection, list);
  }
}

/** A scripted ledger thread: it takes work when the test says so. */
export class LedgerThread {
  readonly host: VirtualHost;
  readonly queue: LedgerWork[] = [];
  isStopping = false;
  room: LedgerRoom = 'open';
  readonly #disk: LedgerDisk;

  constructor(host: VirtualHost, disk: LedgerDisk) {
    this.host = host;
    this.#disk = disk;
    host.onPost = (message) => {
      const work = message as ToLedger;
      if (work.type === 'stop') this.isStopping = true;
      else if (work.type === 'room') this.room = work.room;
      else if (work.type !== 'upkeep' && work.type !== 'heal') this.queue.push(work);
    };
  }

  ready(): void {
    this.host.emit({ type: 'sys.ready', head: this.#disk.head });
  }

  /** Commits the first `count` pieces of work; without telling when it dies right after. */
  commit(count = this.queue.length, isTold = true): void {
    const group = this.queue.splice(0, count);
    if (group.length === 0) return;
    const messages = this.#disk.commit(group);
    if (!isTold) for (const { id } of this.#disk.entries) this.#disk.untold.add(id);
    if (isTold) for (const message of messages) this.host.emit(message);
  }

  refuse(count = this.queue.length, retryMs = 100): void {
    const group = this.queue.splice(0, count);
    if (group.length > 0) this.host.emit(this.#disk.refuse(group, retryMs));
  }

  die(): void {
    this.host.exit({ code: 1, signal: null });
  }

  /** What a thread does that was told to stop. */
  finish(): void {
    this.commit();
    this.host.exit();
  }
}

function range(before: number, after: number) {
  return after === before ? null : { first: before + 1, last: after, count: after - before };
}

function refusal(
  batches: number[],
  code: RefusedMessage['code'],
  retryMs: number,
  answers: PackedAnswers,
): RefusedMessage {
  return { type: 'refused', batches, code, retryMs, answers };
}

function encode(answers: Map<number, Buffer[]>): PackedAnswers {
  const places = [...answers].flatMap(([connection, list]) => [
    connection,
    list.reduce((sum, { length }) => sum + length, 0),
    list.length,
  ]);
  const bytes = Buffer.concat([...answers.values()].flat());
  return { bytes, places: Float64Array.from(places), closedBy: [] };
}
