import { CodiError, type WireError } from '../../protocol/errors.ts';
import type { CellContext } from '../../supervisor/index.ts';
import type { ExportTasks } from '../../workers/storage/exports.messages.ts';
import type { ExportPool, ExportsPorts } from './export-ports.ts';

/** The threads of one incarnation: what they reject with is a CodiError where it was expected. */
export class ExportThreads {
  readonly #pool: ExportPool;
  readonly #stop = new AbortController();

  constructor(
    cell: Pick<CellContext<never>, 'scope' | 'crash'>,
    ports: Pick<ExportsPorts, 'createPool'>,
  ) {
    this.#pool = ports.createPool(cell.scope.wrap((error) => cell.crash(error)));
  }

  get areStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async run<Name extends keyof ExportTasks & string>(
    task: Name,
    input: Parameters<ExportTasks[Name]>[0],
  ): Promise<Awaited<ReturnType<ExportTasks[Name]>>> {
    try {
      return (await this.#pool.run(task, input, this.#stop.signal)) as never;
    } catch (error) {
      // A task reports expected failures as plain objects: an Error loses its code between threads.
      const isWire = typeof error === 'object' && error !== null && !(error instanceof Error);
      if (isWire && 'code' in error) throw CodiError.fromWire(error as WireError);
      if (this.areStopped) throw new CodiError('CODI_SHUTTING_DOWN');
      throw error;
    }
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.#pool.close();
  }
}
