import { CodiError, ERRORS } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { SpoolSpeaker } from '../../protocol/spool-line.ts';
import { formatRfc3339 } from '../../protocol/timestamp.ts';
import type {
  ConnectionAnswers,
  ConnectionContext,
} from '../../workers/storage/ledger.messages.ts';
import type { SpoolsPorts } from './spool-ports.ts';

/** A line on its way to the ledger. */
export interface LaneLine {
  speaker: SpoolSpeaker;
  sequence: number;
  body: Buffer;
  /** It is in the ledger. */
  onTaken(): void;
  /** It never will be. */
  onRefused(reason: string): void;
}

/** How a lane waits; each ends early, with an error, when the actor stops. */
export interface LaneWaits {
  pause(durationMs: number): Promise<void>;
  /** Resolves when `resolve` is called. */
  until(start: (resolve: () => void) => void): Promise<void>;
}

interface Refusal {
  code: string;
  retryAfterMs: number;
  expectedSequence: number | undefined;
}

const RETRY_MS = 250;
const IN_FLIGHT_BYTES = 1024 * 1024;
/** Numbers that are used up in one message; and in all, for one file. */
const HOLE_STEP = 10_000;
const HOLE_MAX = 1_000_000;
const PASSED_MAX = 100;
const RETRYABLE = new Map<string, boolean>(
  Object.entries(ERRORS).map(([code, row]) => [code, row.retryable]),
);

/**
 * Brings lines to the ledger in order, many at a time, as a connection of its own. What is refused for a while goes
 * again with everything behind it. Answers come in the order of the lines: ledger and queue keep it.
 */
export class SpoolLane {
  readonly #connection: number;
  readonly #ports: SpoolsPorts;
  readonly #waits: LaneWaits;
  readonly #onHole: (count: number) => void;
  #inFlight: LaneLine[] = [];
  #inFlightBytes = 0;
  /** Refused for now, in order; nothing new overtakes them. */
  #again: LaneLine[] = [];
  #againBytes = 0;
  #firstRefusal: Refusal | undefined;
  #holes = 0;
  /** The last holes: who comes for one of these numbers is too late. */
  readonly #passedOver: { speaker: SpoolSpeaker; first: number; last: number }[] = [];
  #wake: (() => void) | undefined;
  #context: ConnectionContext | undefined;

  constructor(
    connection: number,
    ports: SpoolsPorts,
    waits: LaneWaits,
    onHole: (count: number) => void,
  ) {
    this.#connection = connection;
    this.#ports = ports;
    this.#waits = waits;
    this.#onHole = onHole;
  }

  /** Takes a line as soon as there is room. */
  async add(line: LaneLine): Promise<void> {
    while (this.#again.length > 0 || this.#isFull(this.#inFlight.length, this.#inFlightBytes)) {
      if (this.#inFlight.length > 0) await this.#nextAnswers();
      else if (this.#isGap && !this.#isFull(this.#again.length, this.#againBytes)) break;
      else await this.#goAgain();
    }
    // The ledger would take it for one that it has.
    if (this.#isPassedOver(line))
      return line.onRefused(`its sequence ${line.sequence} comes too late, behind higher ones`);
    // A missing number may stand in a later line: a writer's threads may have overtaken each other.
    if (this.#again.length > 0) this.#keepAgain(line);
    else await this.#offer(line);
  }

  /** Resolves when every line so far is taken or refused for good. */
  async settled(): Promise<void> {
    while (this.#inFlight.length > 0 || this.#again.length > 0) {
      if (this.#inFlight.length > 0) await this.#nextAnswers();
      else await this.#goAgain();
    }
  }

  /** The ledger's answers. */
  deliver({ bytes }: ConnectionAnswers): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    for (const answer of text.split('\n')) if (answer !== '') this.#answered(answer);
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #answered(text: string): void {
    const line = this.#inFlight.shift();
    if (!line) throw new Error('the ledger answered a line that was not sent');
    this.#inFlightBytes -= line.body.length;
    const { payload } = JSON.parse(text);
    const { status, code, message, retry_after_ms, expected_sequence } =
      payload.Acknowledgment ?? payload.Error;
    if (status === 'Accepted') {
      if (this.#firstRefusal?.expectedSequence === line.sequence)
        this.#firstRefusal.expectedSequence += 1;
      return line.onTaken();
    }
    // Behind a refused line everything is refused as well, because its number is missing.
    if (RETRYABLE.get(code) !== true) return line.onRefused(status?.Rejected ?? message ?? code);
    this.#firstRefusal ??= {
      code,
      retryAfterMs: retry_after_ms ?? RETRY_MS,
      expectedSequence: expected_sequence ?? undefined,
    };
    this.#keepAgain(line);
  }

  #keepAgain(line: LaneLine): void {
    this.#again.push(line);
    this.#againBytes += line.body.length;
  }

  get #isGap(): boolean {
    return this.#firstRefusal?.code === ('CODI_SEQUENCE_GAP' satisfies ErrorCode);
  }

  #isFull(count: number, bytes: number): boolean {
    return count >= this.#ports.limits.lines || bytes >= IN_FLIGHT_BYTES;
  }

  #nextAnswers(): Promise<void> {
    return this.#waits.until((resolve) => (this.#wake = resolve));
  }

  async #goAgain(): Promise<void> {
    let lines = this.#again;
    const [refusal, isGap] = [this.#firstRefusal, this.#isGap];
    this.#again = [];
    this.#againBytes = 0;
    this.#firstRefusal = undefined;
    const [refused] = lines;
    if (!refused || !refusal) return;
    if (!isGap) await this.#waits.pause(refusal.retryAfterMs);
    else {
      lines = lines.toSorted((one, two) => one.sequence - two.sequence);
      const first = lines.find(({ speaker }) => isSame(speaker, refused.speaker))!;
      if (!(await this.#closeHole(first, refusal.expectedSequence ?? first.sequence))) {
        first.onRefused(`its sequence ${first.sequence} is too far behind the last one`);
        lines = lines.filter((line) => line !== first);
      }
    }
    for (const line of lines) await this.#offer(line);
  }

  /** Numbers that no line has would stop those behind them for ever, so they are used up. */
  async #closeHole(next: LaneLine, expected: number): Promise<boolean> {
    const count = next.sequence - expected;
    if (count <= 0) return true;
    if (this.#holes + count > HOLE_MAX) return false;
    this.#holes += count;
    this.#onHole(count);
    this.#passedOver.push({ speaker: next.speaker, first: expected, last: next.sequence - 1 });
    if (this.#passedOver.length > PASSED_MAX) this.#passedOver.shift();
    for (let first = expected; first < next.sequence; first += HOLE_STEP) {
      const size = Math.min(HOLE_STEP, next.sequence - first);
      await this.#offer(this.#emptyLines(next.speaker, first, size));
    }
    return true;
  }

  #isPassedOver({ speaker, sequence }: LaneLine): boolean {
    return this.#passedOver.some(
      (hole) => sequence >= hole.first && sequence <= hole.last && isSame(speaker, hole.speaker),
    );
  }

  #emptyLines(speaker: SpoolSpeaker, first: number, count: number): LaneLine {
    const batch = { entries: Array.from({ length: count }, () => null), first_sequence: first };
    const head = { id: this.#ports.newId(), timestamp: formatRfc3339(this.#ports.now()) };
    const body = Buffer.from(JSON.stringify({ ...head, LogBatch: batch }));
    const ignore = () => undefined;
    return { speaker, sequence: first, body, onTaken: ignore, onRefused: ignore };
  }

  /** Waits until the ledger's queue has room, as a connection would stop reading. */
  async #offer(line: LaneLine): Promise<void> {
    const { ingest, limits } = this.#ports;
    if (line.body.length > limits.ingestBytes) {
      const error = new CodiError('CODI_FRAME_TOO_LARGE', {
        bytes: line.body.length,
        limitBytes: limits.ingestBytes,
      });
      return line.onRefused(error.message);
    }
    while (ingest.isPressing) await this.#waits.until((resolve) => ingest.whenDrained(resolve));
    this.#inFlight.push(line);
    this.#inFlightBytes += line.body.length;
    while (!ingest.offerFrame(this.#contextOf(line.speaker), line.body)) {
      await this.#waits.pause(RETRY_MS);
    }
  }

  #contextOf({ producerId, tenantId, userId }: SpoolSpeaker): ConnectionContext {
    const { identity } = this.#ports;
    const known = this.#context;
    const tenant = tenantId ?? identity.tenantId;
    const user = userId ?? identity.userId;
    if (known?.producerId === producerId && known.tenantId === tenant && known.userId === user)
      return known;
    this.#context = {
      connection: this.#connection,
      format: 'json',
      producerId,
      sessionId: null,
      sessionBy: null,
      tenantId: tenant,
      userId: user,
      hasHello: true,
    };
    return this.#context;
  }
}

function isSame(one: SpoolSpeaker, two: SpoolSpeaker): boolean {
  return one.producerId === two.producerId;
}
