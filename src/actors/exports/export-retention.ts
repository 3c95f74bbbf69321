import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { ExportReader, ExportsPorts } from './export-ports.ts';
import type { ExportThreads } from './export-threads.ts';
import type { SharedTurn } from './shared-turn.ts';

const DAY_MS = 86_400_000;
/** Contents that one run gives up; the rest is for the next. */
const RUN_MAX = 1_000;

interface RetentionPorts {
  retentionDays: number;
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

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** Also when nothing is given up any more: what an earlier run has left is removed. */
  run(): Promise<void> {
    return this.#ports.turn.alone(async () => {
      const { reader, threads, telemetry } = this.#ports;
      await this.#giveUp();
      const { contents, bytes } = await threads.run('sweep', { remove: await reader.pruned() });
      if (contents > 0) telemetry.emit('ExportsPruned', { contents, bytes });
    });
  }

  async #giveUp(): Promise<void> {
    const { retentionDays, threads, commit, nowMs } = this.#ports;
    if (retentionDays === 0) return;
    const atMs = nowMs();
    const sinceMs = atMs - retentionDays * DAY_MS;
    const old = await threads.run('outdated', { beforeMs: sinceMs, limit: RUN_MAX });
    if (old.length === 0) return;
    await commit(old.map((hex) => ({ checksum: Buffer.from(hex, 'hex'), atMs, sinceMs })));
  }
}
