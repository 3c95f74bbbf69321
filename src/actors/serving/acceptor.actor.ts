/**
 * Listens on one socket, Unix or TCP, and starts one connection actor for each client. When it dies accepted clients
 * stay; the next incarnation takes the address over again, which only the holder of the data directory may do.
 */
import { CodiError } from '../../protocol/errors.ts';
import { encodeMessage } from '../../protocol/codec.ts';
import type { Message } from '../../protocol/messages.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { acceptorMachine } from './acceptor.machine.ts';
import type { Lobby } from './lobby.ts';
import type { ClientSocket } from './ports.ts';

export interface Listener {
  close(): Promise<void>;
}

export interface AcceptorPorts {
  /** Binds the socket; a Unix one privately (0600), replacing a stale one. */
  listen(
    onSocket: (socket: ClientSocket) => void,
    onError: (error: unknown) => void,
  ): Promise<Listener>;
  /** Starts the connection's actor; false when that cannot be. */
  startConnection(socket: ClientSocket): Promise<boolean>;
  telemetry: Telemetry;
  lobby: Lobby;
  limitCount: number;
  /** Whether a client has to show a token. */
  mustProve: boolean;
  newMessage(body: object): Message;
}

export function acceptorSpec(id: string, ports: AcceptorPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id,
    ...SERVICE_RESTARTS,
    start: (cell) => accept(cell, ports),
  };
}

function accept(cell: CellContext<never>, ports: AcceptorPorts) {
  let listener: Listener | undefined;
  let binding: Promise<void> | undefined;
  const crash = cell.scope.wrap((error: unknown) => cell.crash(error));

  const tooMany = () => new CodiError('CODI_TOO_MANY_CONNECTIONS', { limit: ports.limitCount });
  const refuse = (socket: ClientSocket, error = tooMany()) => {
    socket.write(encodeMessage(ports.newMessage(error.toWire()), 'msgpack'));
    socket.end();
    ports.telemetry.emit('ConnectionRefused', { code: error.code });
  };
  const letIn = cell.scope.wrap((socket: ClientSocket) => {
    const { out, error } = ports.lobby.enter(socket, ports.mustProve);
    if (out) refuse(out);
    if (error) refuse(socket, error);
    else void start(socket);
    return true;
  });
  // Not fenced: who was let in is started or refused, also when this incarnation ends meanwhile.
  const start = async (socket: ClientSocket) => {
    const isStarted = await ports.startConnection(socket).catch(crash);
    if (isStarted) return;
    ports.lobby.leave(socket);
    refuse(socket);
  };
  // The system accepts until the socket is closed, a moment after the end: such a client comes again, and finds the next.
  const onSocket = (socket: ClientSocket) => {
    if (!letIn(socket)) socket.destroy();
  };
  // Closing removes the socket's file, so the next incarnation must not bind before this one is done.
  cell.scope.defer('listener', () => binding?.then(() => listener?.close()));

  return behaviour({
    machine: acceptorMachine,
    effects: {
      'effect.listen': () => {
        const opened = cell.scope.wrap(() => cell.raise({ type: 'listening' }));
        binding = ports.listen(onSocket, crash).then((bound) => {
          listener = bound;
          opened();
        }, crash);
      },
      'effect.close': () => {
        const closed = cell.scope.wrap(() => cell.raise({ type: 'closed' }));
        const closing = listener?.close() ?? Promise.resolve();
        listener = undefined;
        void closing.then(closed, crash);
      },
    },
  });
}
