import { spoolsSpec } from '#codi/actors/serving/spools.actor.js';
import { SpoolDesk } from '#codi/actors/serving/spool-desk.js';
import type {
  RejectedLine,
  SpoolFileRef,
  SpoolFolder,
  SpoolListing,
  SpoolsPorts,
} from '#codi/actors/serving/spool-ports.js';
import { packFrames } from '#codi/actors/storage/frame-pack.js';
import { CodiError } from '#codi/protocol/errors.js';
import { readSpoolFileName } from '#codi/protocol/spool-line.js';
import { timestampFromMs } from '#codi/protocol/timestamp.js';
import { AnswerBook } from '#codi/workers/storage/answer-book.js';
import type {
  ConnectionAnswers,
  ConnectionContext,
} from '#codi/workers/storage/ledger.messages.js';
import { eachAnswers } from '#codi/workers/storage/answers.messages.js';
import { ActorWorld, rememberTelemetry } from './actor-world.ts';
import { countingId } from './fake-socket.ts';
import { openLedger } from './ledger-store.ts';
import { virtualEnvironment } from './virtual-environment.ts';

/** A spool folder in memory. */
export class FakeSpoolFolder implements SpoolFolder {
  readonly files = new Map<string, Buffer>();
  readonly aside = new Map<string, RejectedLine[]>();
  foreign: string[] = [];
  problem: string | undefined;
  chunkBytes = 61;
  /** Called before a file is opened, finished or its lines are kept aside; what it throws is the failure. */
  before: (call: string, name: string) => void = () => undefined;
  openReaders = 0;

  async list(): Promise<SpoolListing> {
    const files = [...this.files].flatMap(([name, bytes]): SpoolFileRef[] => {
      const known = readSpoolFileName(name);
      return known ? [{ ...known, bytes: bytes.length, writtenMs: 0 }] : [];
    });
    files.sort((one, two) => one.number - two.number);
    const { foreign, problem } = this;
    return { files, rejectedFiles: this.aside.size, foreign, ...(problem && { problem }) };
  }

  async open({ name }: SpoolFileRef) {
    this.before('open', name);
    const bytes = this.files.get(name);
    if (!bytes) return undefined;
    this.openReaders += 1;
    let position = 0;
    return {
      read: async () => {
        const chunk = bytes.subarray(position, position + this.chunkBytes);
        position += chunk.length;
        return chunk.length === 0 ? undefined : chunk;
      },
      asideLines: async () => new Set((this.aside.get(name) ?? []).map(({ line }) => line)),
      setAside: async (lines: readonly RejectedLine[]) => {
        this.before('aside', name);
        this.aside.set(name, [...(this.aside.get(name) ?? []), ...lines]);
      },
      finish: async () => {
        this.before('finish', name);
        this.files.delete(name);
      },
      close: async () => void (this.openReaders -= 1),
    };
  }
}

/** The real actor and the real tables of the ledger, with the folder, the queue and the time in the test's hands. */
export class SpoolsWorld {
  readonly folder = new FakeSpoolFolder();
  readonly desk = new SpoolDesk();
  readonly log = rememberTelemetry();
  readonly told: object[] = [];
  readonly ledger = openLedger();
  readonly actors: ActorWorld;
  /** The next commits are refused with these; undefined takes one. */
  refusals: (CodiError | undefined)[] = [];
  isFull = false;
  isPressing = false;
  sessionFailures: CodiError[] = [];
  #queue: { context: ConnectionContext; body: Buffer }[] = [];
  #isCommitDue = false;
  #batch = 1;
  #drained: (() => void)[] = [];
  readonly #deliverers = new Map<number, (answers: ConnectionAnswers) => void>();
  readonly #limits: Partial<SpoolsPorts['limits']>;

  constructor(limits: Partial<SpoolsPorts['limits']> = {}) {
    this.actors = new ActorWorld(virtualEnvironment());
    this.#limits = limits;
  }

  async start(): Promise<void> {
    await this.actors.start({ children: [spoolsSpec(this.#ports())] });
    await this.actors.advance(1);
  }

  /** Entries of a producer as stored, oldest first. */
  messages(): string[] {
    const rows = this.ledger.database.prepare('SELECT message FROM logs ORDER BY id').all();
    return (rows as { message: string }[]).map(({ message }) => message);
  }

  rows(): Record<string, unknown>[] {
    return this.ledger.database.prepare('SELECT * FROM logs ORDER BY id').all() as never;
  }

  drain(): void {
    this.isPressing = false;
    for (const listener of this.#drained.splice(0)) listener();
  }

  /** Stops the actor and lets go of the database. */
  async close(): Promise<void> {
    await this.actors.during(this.actors.system.stop());
    this.ledger.close();
  }

  #ports(): SpoolsPorts {
    const { clock } = this.actors.environment;
    const fail = () => {
      const error = this.sessionFailures.shift();
      if (error) throw error;
    };
    return {
      folder: this.folder,
      desk: this.desk,
      telemetry: this.log.telemetry,
      ingest: this.#ingest(),
      sessions: {
        start: async (body, context, id, at) => {
          fail();
          this.told.push({ start: body.session_id, user: context.userId, id, at });
        },
        end: async ({ sessionId }, id, at) => {
          fail();
          this.told.push({ end: sessionId, id, at });
        },
      },
      register: (connection, deliver) => {
        this.#deliverers.set(connection, deliver);
        return () => void this.#deliverers.delete(connection);
      },
      identity: { tenantId: 'home', userId: null },
      newId: countingId,
      now: () => timestampFromMs(clock.nowMs()),
      limits: {
        scanIntervalMs: 2_000,
        writers: 2,
        lines: 4,
        ingestBytes: 100_000,
        ...this.#limits,
      },
    };
  }

  #ingest(): SpoolsPorts['ingest'] {
    const isPressing = () => this.isPressing;
    return {
      offerFrame: (context, body) => this.#offer(context, body),
      refusal: () => new CodiError('CODI_OVERLOADED', { retryMs: 250 }),
      get isPressing() {
        return isPressing();
      },
      whenDrained: (listener) => void this.#drained.push(listener),
    };
  }

  #offer(context: ConnectionContext, body: Buffer): boolean {
    if (this.isFull) return false;
    this.#queue.push({ context, body: Buffer.from(body) });
    if (!this.#isCommitDue) this.actors.environment.clock.setImmediate(() => this.#commit());
    this.#isCommitDue = true;
    return true;
  }

  #commit(): void {
    this.#isCommitDue = false;
    const frames = this.#queue.splice(0);
    const bytes = frames.reduce((sum, { body }) => sum + body.length, 0);
    const slab = new SharedArrayBuffer(bytes);
    const message = packFrames(this.#batch++, { frames, bytes }, slab);
    const refusal = this.refusals.shift();
    const { store } = this.ledger;
    const answers = refusal ? new AnswerBook() : store.commit([message], 0).answers;
    if (refusal) store.entries.refuse(message, answers, refusal, 100);
    const packed = answers.encode({ seconds: 0, nanos: 0 }, Buffer.alloc(16));
    eachAnswers(packed, (page) => this.#deliverers.get(page.connection)?.(page));
  }
}

const WRITER = '00000000-0000-4000-8000-00000000000';

/** A file name of a writer (1 to 9). */
export function spoolName(writer: number, number = 1): string {
  return `${WRITER}${writer}.${number}.jsonl`;
}

/** A line as a client writes it. */
export function spoolLine(sequence: number, more: object = {}, entry: object = {}): string {
  const message = `m${sequence}`;
  const LogEntry = { level: 'Info', component: 'c', message, sequence, ...entry };
  const timestamp = '2026-01-02T03:04:05.000000006Z';
  return `${JSON.stringify({ producer_id: 'p', id: countingId(), timestamp, ...more, LogEntry })}\n`;
}
