import { join } from 'node:path';
import { newHome } from '../daemon.mjs';
import { countByte, dial, missing, startServer, versionOf } from './process.mjs';

const NEWLINE = 0x0a;

/** Redis Streams with an append-only file, over a Unix socket: XADD, pipelined, one reply each. */
export const redis = (appendfsync) => ({
  name: `Redis Streams, ${appendfsync}`,
  promise: appendfsync === 'always' ? 'acknowledged after fsync' : 'fsync once a second',
  missing: () => missing('redis-server'),
  version: () => versionOf('redis-server', '--version'),
  async start() {
    const { path, stop } = startRedis(appendfsync);
    return {
      connect: async (entry, onAcks) => {
        const socket = await dial({ path });
        let newlines = 0;
        socket.on('data', (chunk) => {
          if (chunk[0] === 0x2d) throw new Error(chunk.toString());
          // A reply is two lines: its length, and the id.
          newlines += countByte(chunk, NEWLINE);
          const acks = Math.floor(newlines / 2);
          newlines -= acks * 2;
          if (acks > 0) onAcks(acks);
        });
        return {
          send: (count) => {
            let text = '';
            for (let number = 0; number < count; number++) text += command(entry);
            socket.write(text, 'latin1');
          },
          close: async () => void socket.destroy(),
        };
      },
      stop,
    };
  },
});

/** A server with an append-only file, on a Unix socket. */
export function startRedis(appendfsync) {
  const home = newHome();
  const path = join(home, 'r.sock');
  const options = {
    port: 0,
    unixsocket: path,
    dir: home,
    appendonly: 'yes',
    appendfsync,
    save: '',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return { path, stop: startServer('redis-server', args, home) };
}

function command({ level, component, message, metadata }) {
  const args = ['XADD', 'log', '*', 'timestamp', new Date().toISOString(), 'level', level];
  args.push('component', component, 'message', message, 'metadata', JSON.stringify(metadata));
  let text = `*${args.length}\r\n`;
  for (const arg of args) text += `$${arg.length}\r\n${arg}\r\n`;
  return text;
}
