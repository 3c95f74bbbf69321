import type { Telemetry } from '../telemetry/telemetry.ts';
import type { FromNotary } from '../workers/storage/notary.messages.ts';
import type { Act } from './act-recorder.ts';

type Alarm = Extract<FromNotary, { type: 'alarm' }>['alarm'];
type Signed = { size: number; atMs: number };

const NEXT = 'see `codi audit verify`';

/** What the notary said last: shown by `codi status`, told in the log, and recorded in the ledger once. */
export class AuditDesk {
  readonly #telemetry: Telemetry;
  readonly #record: (act: Act) => void;
  readonly #alarms = new Map<string, Alarm>();
  readonly #signed = new Map<string, Signed>();
  #trouble: string | null = null;

  constructor(telemetry: Telemetry, record: (act: Act) => void) {
    this.#telemetry = telemetry;
    this.#record = record;
  }

  take(message: FromNotary): void {
    switch (message.type) {
      case 'signed':
        this.#signed.set(message.database, { size: message.size, atMs: message.atMs });
        this.#telemetry.emit('CheckpointSigned', {
          database: message.database,
          blocks: message.size,
        });
        break;
      case 'alarm':
        this.#take(message.alarm, message.isNew);
        break;
      case 'trouble':
        this.#trouble = message.reason;
        if (message.reason !== null)
          this.#telemetry.emit('CheckpointFailed', { reason: message.reason });
        break;
      case 'notice':
        this.#telemetry.emit('AuditNotice', { text: message.text });
        break;
      case 'sys.ready':
      case 'answer':
      case 'damage':
        break;
    }
  }

  /** Why the daemon counts as degraded, each with the next command. */
  reasons(): { text: string; publicText: string }[] {
    const alarms = [...this.#alarms.values()].map((alarm) => ({
      text: `${describe(alarm)}; ${NEXT}`,
      publicText: `${nameOf(alarm.about)} does not fit its signed checkpoints`,
    }));
    if (this.#trouble === null) return alarms;
    const publicText = 'checkpoints cannot be signed';
    return [...alarms, { text: `${publicText}: ${this.#trouble}`, publicText }];
  }

  /** Per database: how many blocks are under a signed checkpoint, and since when. */
  summary(): { database: string; blocks: number; signed_at: string }[] {
    return [...this.#signed].map(([database, { size, atMs }]) => ({
      database,
      blocks: size,
      signed_at: new Date(atMs).toISOString(),
    }));
  }

  #take(alarm: Alarm, isNew: boolean): void {
    const key = `${alarm.about} ${alarm.reason}`;
    if (this.#alarms.has(key)) return;
    this.#alarms.set(key, alarm);
    this.#telemetry.emit('AuditAlarm', { about: alarm.about, reason: alarm.reason });
    if (!isNew) return;
    const { about, reason, detectedAt, evidence } = alarm;
    const data = { reason, detected_at: detectedAt, ...(evidence !== null && { evidence }) };
    this.#record({ kind: 'audit.alarm', subject: nameOf(about), data });
  }
}

function describe({ about, reason, detectedAt }: Alarm): string {
  return `${nameOf(about)} does not fit its signed checkpoints: ${reason} (found ${detectedAt})`;
}

function nameOf(about: Alarm['about']): string {
  return about === 'key' ? 'the audit key' : `${about}.db`;
}
