import { CodiError } from '../../protocol/errors.ts';
import type { ClientSocket } from './ports.ts';

export interface LobbyLimits {
  connections: number;
  /** Where the kernel tells whose they are. */
  connectionsPerUser: number;
}

/**
 * All connections of all doors, at most so many. Where one more would be too many, the one that has owed a token for
 * longest goes instead, so that strangers who say nothing cannot keep out those who may come in.
 */
export class Lobby {
  readonly #limits: LobbyLimits;
  readonly #guests = new Map<ClientSocket, number | undefined>();
  readonly #perUser = new Map<number, number>();
  /** In the order they came. */
  readonly #unproven = new Set<ClientSocket>();

  constructor(limits: LobbyLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#guests.size;
  }

  /** Takes one more, if there is room; gives whom to turn out for it, or why it cannot stay itself. */
  enter(socket: ClientSocket, mustProve: boolean): { out?: ClientSocket; error?: CodiError } {
    const uid = socket.peer.user?.uid;
    const { connections, connectionsPerUser } = this.#limits;
    if (uid !== undefined && (this.#perUser.get(uid) ?? 0) >= connectionsPerUser)
      return { error: new CodiError('CODI_TOO_MANY_OF_USER', { uid, limit: connectionsPerUser }) };
    const isFull = this.#guests.size >= connections;
    const [longest] = this.#unproven;
    if (isFull && !longest)
      return { error: new CodiError('CODI_TOO_MANY_CONNECTIONS', { limit: connections }) };
    if (isFull && longest) this.leave(longest);
    this.#guests.set(socket, uid);
    if (uid !== undefined) this.#perUser.set(uid, (this.#perUser.get(uid) ?? 0) + 1);
    if (mustProve) this.#unproven.add(socket);
    return isFull && longest ? { out: longest } : {};
  }

  /** It has shown a token. */
  prove(socket: ClientSocket): void {
    this.#unproven.delete(socket);
  }

  leave(socket: ClientSocket): void {
    if (!this.#guests.has(socket)) return;
    const uid = this.#guests.get(socket);
    this.#guests.delete(socket);
    this.#unproven.delete(socket);
    if (uid === undefined) return;
    const left = (this.#perUser.get(uid) ?? 1) - 1;
    if (left > 0) this.#perUser.set(uid, left);
    else this.#perUser.delete(uid);
  }
}
