import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { ExportReader, ExportsPorts } from './export-ports.ts';
import type { ExportThreads } from './export-threads.ts';
import type { SharedTurn } from './shared-turn.ts';

const DAY_MS = 86_400_000;
/** Times of rows are compared by the second. */
const SECOND_MS = 1_000;
/** Contents that one run gives up; the rest is for the next. */
const RUN_MAX = 1_000;

interface RetentionPorts {
  retentionDays: number;
  /** 0: no limit. */
  archiveLimitBytes: number;
  reader: Pick<ExportReader, 'pruned'>;
  threads: ExportThreads;
  /** No capture may count on a content that goes away. */
  turn: SharedTurn;
  commit(pruned: Parameters<ExportsPorts['record']>[0]['pruned']): Promise<void>;
  telemetry: Telemetry;
  nowMs(): number;
}

/**
 * Removes contents by policy. The ledger says first that a content is given up, then its files go: a run that is
 * interrupted in between is finished by the next one.
 */
export class ExportRetention {
  readonly #ports: RetentionPorts;
  #keptBytes = 0;
  /** A run is asked for. */
  #isDue = false;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** Also when nothing is given up any more: what an earlier run has left is removed. */
  run(): Promise<void> {
    return this.#ports.turn.alone(async () => {
      this.#isDue = false;
      await this.#giveUpOld();
      let kept = await this.#sweep();
      const { archiveLimitBytes: limitBytes, telemetry } = this.#ports;
      while (limitBytes > 0 && kept > limitBytes) {
        const before = kept;
        await this.#giveUpExcess(limitBytes);
        kept = await this.#sweep();
        if (kept < before) continue;
        telemetry.emit('ExportArchiveFull', { bytes: kept, limit: limitBytes });
        break;
      }
      this.#keptBytes = kept;
      telemetry.emit('ExportArchive', { bytes: kept });
    });
  }

  /** So many bytes were stored; true: that is too much, and it is time for a run. */
  stored(bytes: number): boolean {
    const { archiveLimitBytes, telemetry } = this.#ports;
    if (bytes === 0) return false;
    this.#keptBytes += bytes;
    telemetry.emit('ExportArchive', { bytes: this.#keptBytes });
    if (this.#isDue || archiveLimitBytes === 0 || this.#keptBytes <= archiveLimitBytes)
      return false;
    this.#isDue = true;
    return true;
  }

  /** How much is left then. */
  async #sweep(): Promise<number> {
    const { reader, threads, telemetry } = this.#ports;
    const remove = await reader.pruned();
    const { contents, bytes, keptBytes } = await threads.run('sweep', { remove });
    if (contents > 0) telemetry.emit('ExportsPruned', { contents, bytes });
    return keptBytes;
  }

  async #giveUpOld(): Promise<void> {
    const { retentionDays, threads, nowMs } = this.#ports;
    if (retentionDays === 0) return;
    const sinceMs = nowMs() - retentionDays * DAY_MS;
    await this.#giveUp(
      await threads.run('outdated', { beforeMs: sinceMs, limit: RUN_MAX }),
      sinceMs,
    );
  }

  /** No capture runs meanwhile, so whatever row names one of them is from before. */
  async #giveUpExcess(limitBytes: number): Promise<void> {
    const { threads, nowMs } = this.#ports;
    const contents = await threads.run('excess', { limitBytes, limit: RUN_MAX });
    await this.#giveUp(contents, nowMs() + SECOND_MS);
  }

  async #giveUp(contents: readonly string[], sinceMs: number): Promise<void> {
    if (contents.length === 0) return;
    const atMs = this.#ports.nowMs();
    const pruned = contents.map((hex) => ({ checksum: Buffer.from(hex, 'hex'), atMs, sinceMs }));
    await this.#ports.commit(pruned);
  }
}
