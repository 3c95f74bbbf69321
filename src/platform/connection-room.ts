import type { Socket } from 'node:net';

/**
 * The connections of a server, at most so many. One more cuts the one that has been silent longest, so that
 * clients which send nothing, or slowly, cannot keep out those which ask.
 */
export class ConnectionRoom {
  readonly #limitCount: number;
  readonly #onCut: () => void;
  /** In the order in which they fell silent; new ones begin silent. */
  readonly #silent = new Set<Socket>();
  readonly #busy = new Set<Socket>();

  constructor(limitCount: number, onCut: () => void) {
    this.#limitCount = limitCount;
    this.#onCut = onCut;
  }

  enter(socket: Socket): void {
    this.#silent.add(socket);
    socket.once('close', () => {
      this.#silent.delete(socket);
      this.#busy.delete(socket);
    });
    if (this.#silent.size + this.#busy.size <= this.#limitCount) return;
    // The newcomer itself when all others are being answered.
    const [longest = socket] = this.#silent;
    this.#silent.delete(longest);
    longest.destroy();
    this.#onCut();
  }

  /** It has sent a whole request; false when it is still owed an answer, or was cut. */
  busy(socket: Socket): boolean {
    if (!this.#silent.delete(socket)) return false;
    this.#busy.add(socket);
    return true;
  }

  /** It has its answer. */
  silent(socket: Socket): void {
    if (this.#busy.delete(socket)) this.#silent.add(socket);
  }
}
