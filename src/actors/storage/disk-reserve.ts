import { isCodiError } from '../../protocol/errors.ts';
import {
  floorBytes,
  renewedBytes,
  reserveBytes,
  type DiskSpace,
  type RetentionPolicy,
} from './retention-policy.ts';

export interface DiskReservePorts {
  policy: RetentionPolicy;
  disk(): Promise<DiskSpace>;
  /** What its file holds of the disk. */
  held(): number;
  /** Makes the file as long as this, 0: removes it. Rejects with CodiError, and then there is none. */
  make(bytes: number): Promise<void>;
  /** Resolves with what it held. */
  release(): Promise<number>;
  onMade(bytes: number): void;
}

/** The part of the disk that is kept for getting out of a full one. One change at a time, in order of asking. */
export class DiskReserve {
  readonly #ports: DiskReservePorts;
  /** By this incarnation; some file systems do not tell what a file holds. */
  #madeBytes: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: DiskReservePorts) {
    this.#ports = ports;
  }

  /** Makes it, where there is room for it above the floor. */
  keep(): Promise<void> {
    return this.#after(async () => {
      const { policy, disk, held } = this.#ports;
      const space = await disk();
      const wanted = reserveBytes(policy, space);
      const missing = wanted - held();
      if (missing === 0 || this.#madeBytes === wanted) return;
      if (missing < 0 || space.freeBytes - missing >= floorBytes(policy, space))
        await this.#make(wanted);
    });
  }

  /** Gives its room to whoever makes more of it; resolves with how much that is. */
  release(): Promise<number> {
    return this.#after(() => {
      this.#madeBytes = undefined;
      return this.#ports.release();
    });
  }

  /** After it was used it comes before everything else, so that there is one the next time. */
  renew(): Promise<void> {
    return this.#after(async () => {
      const { policy, disk, held } = this.#ports;
      const bytes = renewedBytes(policy, await disk(), held());
      if (bytes > held()) await this.#make(bytes);
    });
  }

  async #make(bytes: number): Promise<void> {
    try {
      await this.#ports.make(bytes);
      this.#madeBytes = bytes;
      this.#ports.onMade(bytes);
    } catch (error) {
      // No room, or the daemon ends: it is made another time.
      if (!isCodiError(error)) throw error;
    }
  }

  #after<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
