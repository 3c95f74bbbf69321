// Runs as a thread and as a process: beats until it is told to spin, sleep or go on without a heart.
import { parentPort } from 'node:worker_threads';
import process from 'node:process';
import { sendHeartbeats } from '#codi/supervisor/heartbeat.js';

const send = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
const stop = sendHeartbeats(send, 25);

function receive(message) {
  if (message.type === 'spin') for (;;);
  if (message.type === 'hush') stop();
  send(message);
}

if (parentPort) parentPort.on('message', receive);
else {
  process.on('message', receive);
  process.on('disconnect', () => process.exit(0));
}
send({ type: 'sys.ready' });
