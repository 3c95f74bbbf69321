import type { Socket } from 'node:net';
import type { Peer } from '../actors/serving/door.ts';
import type { ClientSocket } from '../actors/serving/ports.ts';

/** An accepted connection as its actor sees it, whatever it runs over. */
export function clientSocket(socket: Socket, peer: Peer): ClientSocket {
  // Nothing is read before the actor listens, so no byte is lost in between.
  socket.pause();
  socket.on('error', () => socket.destroy());
  return {
    peer,
    write: (bytes) => !socket.destroyed && socket.write(bytes),
    get queuedBytes() {
      return socket.writableLength;
    },
    listen: (listener) => {
      socket.on('data', listener.onData);
      socket.on('end', listener.onEnd);
      socket.on('drain', listener.onDrain);
      socket.on('close', listener.onClose);
      if (socket.destroyed) listener.onClose();
      else {
        // Who came and went without a word has ended already, also for a paused socket: there is no second 'end'.
        if (socket.readableEnded) listener.onEnd();
        socket.resume();
      }
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(() => socket.destroySoon()),
    destroy: () => void socket.destroy(),
  };
}
