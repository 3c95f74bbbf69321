import type { CodiError } from '../../protocol/errors.ts';
import type { SpoolSpeaker } from '../../protocol/spool-line.ts';
import { timestampFromMs } from '../../protocol/timestamp.ts';
import type { ClientPorts } from '../ports.ts';
import type { SpoolSettings } from './settings.ts';
import { nodeSpoolFiles } from './spool-files.ts';
import { Spool } from './spool.ts';
import { linesOfFrame, spooledAfter } from './spooled-entries.ts';
import type { SpooledRun } from './spooled-entries.ts';

/** A frame that is being spooled. */
interface SpooledFrame {
  /** Of its message. */
  requestId: string;
  /** Entries in it. */
  count: number;
  /** Those that will never be taken, by position. */
  rejected: ReadonlyMap<number, CodiError>;
  /** Resolves when it is as safe as the policy says; throws as `Spool.append`. */
  kept: Promise<void>;
}

/** The spool and what goes in and out of it; a module of its own, because most programs never load it. */
export class SpoolBox {
  readonly spool: Spool;
  readonly #ports: ClientPorts;

  constructor(
    settings: SpoolSettings,
    ports: ClientPorts,
    onLateFailure: (error: CodiError) => void,
  ) {
    this.#ports = ports;
    this.spool = new Spool(settings, {
      newId: ports.newId,
      setTimeout: ports.setTimeout,
      files: ports.spoolFiles ?? nodeSpoolFiles(() => ports.ownUid()),
      onLateFailure,
    });
  }

  /** Appends what a frame of entries says. */
  take(frame: Buffer, speaker: SpoolSpeaker, sessionId: string | null): SpooledFrame {
    const { newId, nowMs } = this.#ports;
    const ports = { newId, now: () => timestampFromMs(nowMs()) };
    const { run, ...rest } = linesOfFrame(frame, speaker, sessionId, ports);
    return { ...rest, kept: this.spool.append(run) };
  }

  /** What this client's files hold behind a sequence, in order. */
  after(sequence: number): AsyncGenerator<SpooledRun> {
    return spooledAfter(this.spool.segments, sequence);
  }
}
