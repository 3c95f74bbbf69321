// As little as a durable answer can be: frames of many clients go into one file, which is synced, and then each gets an
// answer. Nothing is decoded, checked, indexed or hashed. What it takes is this machine's part of a latency.
//   node bench/peers/floor.mjs <socket> <file>   (started by other benchmarks)
import { fork } from 'node:child_process';
import { fdatasync, openSync, rmSync, write } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newHome } from '../daemon.mjs';

const SELF = fileURLToPath(import.meta.url);
/** As long as codi's answer to one entry. */
const ANSWER_BYTES = 118;

if (process.argv[1] === SELF) serve(process.argv[2], process.argv[3]);

/** Starts it in a process and a folder of its own. */
export async function startFloor() {
  const home = newHome();
  const path = join(home, 'floor.sock');
  const child = fork(SELF, [path, join(home, 'log')]);
  await new Promise((resolve) => child.once('message', resolve));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    path,
    stop: async () => {
      child.kill();
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A client that sends frames of one size; `log` is kept when its answer is there. */
export async function dialFloor(path, frameBytes) {
  const socket = connect(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const frame = Buffer.alloc(frameBytes, 1);
  const waiting = [];
  socket.on('data', (chunk) => {
    for (let count = chunk.length / ANSWER_BYTES; count > 0; count--) waiting.shift()();
  });
  frame.writeUInt32LE(frameBytes - 4, 0);
  return {
    log: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(Buffer.from(frame));
      }),
    close: async () => socket.destroy(),
  };
}

function serve(path, file) {
  const log = openSync(file, 'w');
  const answer = Buffer.alloc(ANSWER_BYTES);
  let waiting = [];
  let isBusy = false;
  let isPlanned = false;
  const commit = () => {
    isPlanned = false;
    if (isBusy || waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    isBusy = true;
    const bytes = Buffer.concat(group.map(({ chunk }) => chunk));
    write(log, bytes, (error) =>
      error ? give(error) : fdatasync(log, (failure) => give(failure, group)),
    );
  };
  const give = (error, group) => {
    if (error) throw error;
    isBusy = false;
    for (const { socket, chunk } of group)
      for (let at = 0; at < chunk.length; at += 4 + chunk.readUInt32LE(at)) socket.write(answer);
    commit();
  };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      waiting.push({ socket, chunk });
      if (isPlanned) return;
      isPlanned = true;
      setImmediate(commit);
    });
  });
  server.listen({ path, backlog: 1_024 }, () => process.send('up'));
}
