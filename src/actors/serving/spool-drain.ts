import { isUtf8 } from 'node:buffer';
import { decodeMessage } from '../../protocol/codec.ts';
import { isCodiError } from '../../protocol/errors.ts';
import { readSpoolLine } from '../../protocol/spool-line.ts';
import type { SpoolLine } from '../../protocol/spool-line.ts';
import type { ConnectionContext } from '../../workers/storage/ledger.messages.ts';
import { sessionEnd } from './session-end.ts';
import { SpoolLane } from './spool-lane.ts';
import type { LaneWaits } from './spool-lane.ts';
import type { RejectedLine, SpoolReader, SpoolsPorts } from './spool-ports.ts';

const NEWLINE = 0x0a;
const SESSION_RETRY_MS = 250;
/** Another file may tell of the beginning of a session that one tells of the end of. */
const SESSION_UNKNOWN_MAX = 20;

/** One file on its way into the ledger, line by line; ends with the file gone. */
export class SpoolDrain {
  readonly #name: string;
  readonly #reader: SpoolReader;
  readonly #connection: number;
  readonly #ports: SpoolsPorts;
  readonly #waits: LaneWaits;
  readonly lane: SpoolLane;
  #aside: ReadonlySet<number> = new Set();
  #rejected: RejectedLine[] = [];
  #entries = 0;

  constructor(
    file: { name: string; reader: SpoolReader; connection: number },
    ports: SpoolsPorts,
    waits: LaneWaits,
  ) {
    this.#name = file.name;
    this.#reader = file.reader;
    this.#connection = file.connection;
    this.#ports = ports;
    this.#waits = waits;
    this.lane = new SpoolLane(file.connection, ports, waits, (count) =>
      ports.telemetry.emit('SpoolHoleClosed', { file: file.name, count }),
    );
  }

  /** Reads to the end; rejects when the disk fails, or the actor stops. Then it is begun again, and nothing doubles. */
  async run(): Promise<void> {
    this.#aside = await this.#reader.asideLines();
    let number = 0;
    for await (const { bytes, isWhole } of this.#lines()) {
      number += 1;
      await this.#take(number, bytes, isWhole);
    }
    await this.lane.settled();
    await this.#keepAside();
    await this.#reader.finish();
    if (this.#entries > 0)
      this.#ports.telemetry.emit('SpoolIngested', { file: this.#name, entries: this.#entries });
  }

  async *#lines(): AsyncGenerator<{ bytes: Buffer; isWhole: boolean }> {
    let held: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = await this.#reader.read();
      if (!chunk) break;
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let start = 0;
      for (let end = held.indexOf(NEWLINE); end >= 0; end = held.indexOf(NEWLINE, start)) {
        yield { bytes: held.subarray(start, end), isWhole: true };
        start = end + 1;
      }
      held = held.subarray(start);
    }
    if (held.length > 0) yield { bytes: held, isWhole: false };
  }

  async #take(number: number, bytes: Buffer, isWhole: boolean): Promise<void> {
    if (this.#aside.has(number) || bytes.length === 0) return;
    const reject = (reason: string) => this.#reject({ line: number, reason, bytes });
    if (!isUtf8(bytes)) return reject('it is no UTF-8');
    const result = readSpoolLine(bytes.toString('utf8'));
    // Only its end of line is missing: the entry is whole.
    if (!result.ok) return reject(isWhole ? result.reason : 'the file ends in the middle of it');
    const { line } = result;
    if (line.sequence === null) return this.#tellSession(line, bytes, reject);
    await this.lane.add({
      speaker: line,
      sequence: line.sequence,
      body: bytes,
      onTaken: () => (this.#entries += 1),
      onRefused: reject,
    });
  }

  /** Sessions are changes of state: told one by one, under their own id, so that a repetition changes nothing. */
  async #tellSession(
    { id, producerId, tenantId, userId }: SpoolLine,
    bytes: Buffer,
    reject: (reason: string) => void,
  ): Promise<void> {
    await this.lane.settled();
    const decoded = decodeMessage(bytes, 'json', this.#ports);
    if (!decoded.ok) return reject(decoded.error.message);
    const { identity, sessions } = this.#ports;
    const { payload, timestamp } = decoded.message;
    const context: ConnectionContext = {
      connection: this.#connection,
      format: 'json',
      producerId,
      sessionId: null,
      sessionBy: null,
      tenantId: tenantId ?? identity.tenantId,
      userId: userId ?? identity.userId,
      hasHello: true,
    };
    for (let attempt = 0; ; attempt++) {
      try {
        if (payload.kind === 'SessionStart')
          await sessions.start(payload.body, context, id, timestamp);
        else if (payload.kind === 'SessionEnd')
          await sessions.end(sessionEnd(payload.body), id, timestamp);
        return;
      } catch (error) {
        if (!isCodiError(error)) throw error;
        const isEarly = error.code === 'CODI_SESSION_UNKNOWN' && attempt < SESSION_UNKNOWN_MAX;
        if (!error.retryable && !isEarly) return reject(error.message);
        await this.#waits.pause(SESSION_RETRY_MS);
      }
    }
  }

  #reject(line: RejectedLine): void {
    this.#rejected.push({ ...line, bytes: Buffer.from(line.bytes) });
  }

  async #keepAside(): Promise<void> {
    if (this.#rejected.length === 0) return;
    await this.#reader.setAside(this.#rejected);
    for (const { line, reason } of this.#rejected) {
      this.#ports.telemetry.emit('SpoolLineRejected', { file: this.#name, line, reason });
    }
  }
}
