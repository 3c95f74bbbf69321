import { randomUUID } from 'node:crypto';
import type { IngestBuffer } from '../actors/storage/ingest-buffer.ts';
import { timestampFromMs } from '../protocol/timestamp.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Something that was done to the daemon. */
export interface Act {
  /** Of an act that may be told again: it is stored once. 16 bytes. */
  id?: Buffer;
  /** Area and verb, such as `debug.kill`. */
  kind: string;
  /** What it was done to: the path of an actor, the name of a database. */
  subject: string;
  /** Who did it; without one, the daemon itself. */
  actor?: string;
  /** Whose client asked for it; without one, those of the daemon's configuration. */
  owner?: { tenantId: string | null; userId: string | null };
  /** Plain data beside it: reason, outcome. */
  data?: object;
  /** What was done before this daemon began: under which id (UUID) it is recorded once, and when it was. */
  earlier?: { id: string; atMs: number };
}

/**
 * Administrative acts on their way into the ledger: in order, kept until they are committed, stored once. What
 * finds no room there is a line of the daemon's own log, and counted.
 */
export class ActRecorder {
  readonly #buffer: IngestBuffer;
  readonly #telemetry: Telemetry;
  readonly #nowMs: () => number;

  constructor(buffer: IngestBuffer, telemetry: Telemetry, nowMs: () => number) {
    this.#buffer = buffer;
    this.#telemetry = telemetry;
    this.#nowMs = nowMs;
  }

  record(act: Act): void {
    const { kind, subject, actor } = act;
    const fields = { kind, subject, ...(actor !== undefined && { actor }) };
    this.#telemetry.emit(this.offer(act) ? 'ActRecorded' : 'ActUnrecorded', fields);
  }

  /** False when there is no room for it: whoever offers it has to come again. */
  offer({ id, kind, subject, actor, owner, data, earlier }: Act): boolean {
    return this.#buffer.offerAct({
      id: id ?? Buffer.from((earlier?.id ?? randomUUID()).replaceAll('-', ''), 'hex'),
      ...timestampFromMs(earlier?.atMs ?? this.#nowMs()),
      kind,
      subject,
      actor: actor ?? null,
      ...owner,
      data: data === undefined ? null : JSON.stringify(data),
    });
  }
}
