import type { ClientSocket, ServingPorts } from './ports.ts';
import type { Waiter } from './send-room.ts';

/**
 * What goes to one client. Who said Hello and does not read is cut off; one who did not is taken for an old client:
 * its answers are dropped and counted, while its entries are still taken.
 */
export class Outflow implements Waiter {
  readonly #socket: ClientSocket;
  readonly #ports: ServingPorts;
  readonly #isGreeted: () => boolean;
  readonly #onCut: () => void;

  constructor(
    socket: ClientSocket,
    ports: ServingPorts,
    hooks: { isGreeted(): boolean; onCut(): void },
  ) {
    this.#socket = socket;
    this.#ports = ports;
    this.#isGreeted = hooks.isGreeted;
    this.#onCut = hooks.onCut;
  }

  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  get canGiveUp(): boolean {
    return this.#isGreeted();
  }

  /** False when more waits than the kernel takes now, or when nothing was sent. `count` answers are in it. */
  write(bytes: Uint8Array, count: number): boolean {
    const { limits, sendRoom } = this.#ports;
    const isTooMuch = this.#socket.queuedBytes + bytes.length > limits.sendLimitBytes;
    if (isTooMuch || (!this.canGiveUp && sendRoom.isFullForOld)) {
      this.#drop(count);
      return false;
    }
    const isTaken = this.#socket.write(bytes);
    if (!isTaken) sendRoom.note(this);
    return isTaken;
  }

  /**
   * Writes what is a view of a buffer with answers for others. It is copied, so that a slow reader keeps only its own;
   * where something waits already, to memory of its own size.
   */
  writePart(part: Uint8Array, count: number): boolean {
    if (this.#socket.queuedBytes === 0) return this.write(Buffer.from(part), count);
    const own = Buffer.allocUnsafeSlow(part.length);
    own.set(part);
    return this.write(own, count);
  }

  drained(): void {
    this.#ports.sendRoom.note(this);
  }

  giveUp(): void {
    this.#drop(1);
  }

  close(): void {
    this.#ports.sendRoom.leave(this);
  }

  #drop(count: number): void {
    this.#ports.telemetry.emit('AnswersDropped', { count });
    if (!this.canGiveUp) return;
    this.#onCut();
    this.#socket.destroy();
  }
}
