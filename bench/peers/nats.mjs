import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { jsonLine } from '../entry.mjs';
import { newHome } from '../daemon.mjs';
import { countByte, dial, missing, startServer, versionOf } from './process.mjs';

const NEWLINE = 0x0a;
const PING = Buffer.from('PING\r\n');

/** NATS JetStream with its file store, on a loopback port: each message acknowledged by the stream. */
export const jetStream = {
  name: 'NATS JetStream, file store',
  promise: 'fsync every two minutes',
  missing: () => missing('nats-server'),
  version: () => versionOf('nats-server', '--version'),
  async start() {
    const { port, stop } = await startJetStream();
    let clients = 0;
    return {
      connect: async (entry, onAcks) => {
        const inbox = `acks.${clients++}`;
        const socket = await open(port, onAcks, inbox);
        return {
          send: (count) => {
            let text = '';
            for (let number = 0; number < count; number++) {
              const line = jsonLine(entry);
              text += `PUB log ${inbox} ${line.length}\r\n${line}\r\n`;
            }
            socket.write(text, 'latin1');
          },
          close: async () => void socket.destroy(),
        };
      },
      stop,
    };
  },
};

/** A server on a loopback port, with a stream LOG in its file store. */
export async function startJetStream() {
  const home = newHome();
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const config = join(home, 'nats.conf');
  writeFileSync(
    config,
    `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: "${home}/js", max_file_store: 20G }\n`,
  );
  const stop = startServer('nats-server', ['-c', config], home);
  const admin = await open(port, () => undefined);
  const stream = JSON.stringify({
    name: 'LOG',
    subjects: ['log'],
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    max_msgs: -1,
    max_bytes: -1,
    num_replicas: 1,
  });
  admin.write(`PUB $JS.API.STREAM.CREATE.LOG acks.admin ${stream.length}\r\n${stream}\r\n`);
  await new Promise((resolve) => admin.once('data', resolve));
  admin.destroy();
  return { port, stop };
}

async function open(port, onAcks, inbox = 'acks.admin') {
  const socket = await dial({ host: '127.0.0.1', port });
  socket.setNoDelay(true);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.write(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${inbox} 1\r\nPING\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  let newlines = 0;
  socket.on('data', (chunk) => {
    newlines += countByte(chunk, NEWLINE);
    if (chunk.includes(PING)) {
      newlines -= 1;
      socket.write('PONG\r\n');
    }
    // An acknowledgment is two lines: its subject, and where the message is in the stream.
    const acks = Math.floor(newlines / 2);
    newlines -= acks * 2;
    if (acks > 0) onAcks(acks);
  });
  return socket;
}
