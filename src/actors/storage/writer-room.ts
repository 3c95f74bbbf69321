import type { LedgerRoom } from '../../workers/storage/ledger.messages.ts';

/**
 * How much of the disk the ledger writer may use. Retention narrows it while a disk is full, so that what comes free
 * makes more room and is not taken by new entries. It outlives incarnations of both and ends with the process.
 */
export class WriterRoom {
  #room: LedgerRoom = 'open';
  #onChange: ((room: LedgerRoom) => void) | undefined;

  get room(): LedgerRoom {
    return this.#room;
  }

  /** The writer's present incarnation, whose thread begins with an open one. */
  attach(onChange: (room: LedgerRoom) => void): void {
    this.#onChange = onChange;
    if (this.#room !== 'open') onChange(this.#room);
  }

  detach(): void {
    this.#onChange = undefined;
  }

  change(room: LedgerRoom): void {
    if (this.#room === room) return;
    this.#room = room;
    this.#onChange?.(room);
  }
}
