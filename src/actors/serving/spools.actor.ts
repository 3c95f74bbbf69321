/**
 * Reads what clients left in the spool folder while there was no daemon, and hands it to the ledger as they would
 * have: in order, with backpressure, exactly once, because each line has its producer and sequence. A file goes
 * only when the ledger has answered for all of it; whatever ends this actor, the next one begins the file again.
 */
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type { ConnectionAnswers } from '../../workers/storage/ledger.messages.ts';
import { SpoolDrain } from './spool-drain.ts';
import type { LaneWaits } from './spool-lane.ts';
import type { SpoolFileRef, SpoolListing, SpoolsPorts } from './spool-ports.ts';
import { spoolsMachine } from './spools.machine.ts';

export function spoolsSpec(ports: SpoolsPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'spools',
    ...SERVICE_RESTARTS,
    start: (cell) => new Spools(cell, ports).behaviour(),
  };
}

class Spools {
  readonly #cell: CellContext<never>;
  readonly #ports: SpoolsPorts;
  /** End the waits of drains, each with an error. */
  readonly #stops = new Set<() => void>();
  #isStopping = false;
  #waiting = 0;
  /** What was complained of, and why; it stays in the folder. */
  #told = new Map<string, string>();

  constructor(cell: CellContext<never>, ports: SpoolsPorts) {
    this.#cell = cell;
    this.#ports = ports;
    cell.scope.defer('waits', () => this.#stop());
    cell.scope.after(0, () => cell.raise({ type: 'due' }));
  }

  behaviour() {
    return behaviour({
      machine: spoolsMachine,
      effects: {
        'effect.drain': () => void this.#look(),
        'effect.stop': () => this.#stop(),
      },
      status: () => (this.#waiting > 0 ? { note: `${this.#waiting} files` } : {}),
    });
  }

  /** One look at the folder: everything that waits there. A failing promise ends this actor. */
  readonly #look = async (): Promise<void> => {
    const look = this.#cell.scope.wrap(async () => {
      const listing = await this.#list();
      await this.#drainAll(listing.files);
      if (listing.files.length > 0) await this.#list();
      this.#cell.scope.after(this.#ports.limits.scanIntervalMs, () =>
        this.#cell.raise({ type: 'due' }),
      );
      this.#cell.raise({ type: 'finished' });
    });
    await look();
  };

  async #list(): Promise<SpoolListing> {
    const { folder, desk, telemetry } = this.#ports;
    const listing = await folder.list();
    const { files, rejected_files: rejectedFiles, bytes } = desk.take(listing);
    this.#waiting = files;
    telemetry.emit('SpoolsMeasured', { files, bytes, rejectedFiles });
    this.#complain(listing);
    return listing;
  }

  /** Of what is not read at all: once for each reason, while it stays. */
  #complain({ problem, foreign, files }: SpoolListing): void {
    const here = new Set([...foreign, ...files.map(({ name }) => name)]);
    if (problem !== undefined) here.add('.');
    for (const file of this.#told.keys()) if (!here.has(file)) this.#told.delete(file);
    for (const file of foreign) this.#tell(file, 'it is no spool file of ours');
    if (problem !== undefined) this.#tell('.', problem);
  }

  #tell(file: string, reason: string): void {
    if (this.#told.get(file) === reason) return;
    this.#told.set(file, reason);
    this.#ports.telemetry.emit('SpoolFileFailed', { file, reason });
  }

  /** Writers side by side, the oldest first; the files of each one after the other. */
  async #drainAll(files: readonly SpoolFileRef[]): Promise<void> {
    const byWriter = new Map<string, SpoolFileRef[]>();
    for (const file of files) {
      const known = byWriter.get(file.writer);
      if (known) known.push(file);
      else byWriter.set(file.writer, [file]);
    }
    const writers = [...byWriter.values()].sort(([one], [two]) => one!.writtenMs - two!.writtenMs);
    const drainNext = async (): Promise<void> => {
      for (let next = writers.shift(); next; next = writers.shift()) await this.#drainWriter(next);
    };
    const lanes = Math.min(this.#ports.limits.writers, writers.length);
    await Promise.all(Array.from({ length: lanes }, drainNext));
  }

  /** A file that cannot be read holds up those behind it: they may continue what is in it. */
  async #drainWriter(files: readonly SpoolFileRef[]): Promise<void> {
    for (const file of files) {
      try {
        if (this.#isStopping) return;
        await this.#drain(file);
      } catch (error) {
        if (this.#isStopping) return;
        if (!(error instanceof Error)) throw error;
        this.#tell(file.name, error.message);
        if (!isCodiError(error) && !('code' in error)) throw error;
        return;
      }
    }
  }

  async #drain(file: SpoolFileRef): Promise<void> {
    const { folder, register } = this.#ports;
    const reader = await folder.open(file);
    if (!reader) return;
    const connection = this.#ports.desk.nextConnection();
    const drain = new SpoolDrain(
      { name: file.name, reader, connection },
      this.#ports,
      this.#waits(),
    );
    const unregister = register(
      connection,
      this.#cell.scope.wrap((answers: ConnectionAnswers) => drain.lane.deliver(answers)),
    );
    try {
      await drain.run();
    } finally {
      unregister();
      await reader.close();
    }
  }

  #waits(): LaneWaits {
    const until = (start: (resolve: () => void) => void) =>
      new Promise<void>((resolve, reject) => {
        const stop = () => reject(new CodiError('CODI_SHUTTING_DOWN'));
        if (this.#isStopping) return stop();
        this.#stops.add(stop);
        start(() => {
          this.#stops.delete(stop);
          resolve();
        });
      });
    return {
      until,
      pause: (durationMs) => until((resolve) => void this.#cell.scope.after(durationMs, resolve)),
    };
  }

  #stop(): void {
    this.#isStopping = true;
    for (const stop of this.#stops) stop();
    this.#stops.clear();
  }
}
