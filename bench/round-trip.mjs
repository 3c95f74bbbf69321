// Small questions and their answers, against an echo by a bare Node socket server, once of the question and once with as
// many bytes as a Status has, and a PING of Redis, all over Unix sockets, in turns in the same run. A bare client asks the
// daemon as well: it sends a frame that it has and waits for the whole answer, so that what is above the echo there is the
// daemon's. Then each is asked by itself without a pause, for the processor time of both sides.
//   node bench/round-trip.mjs [count] [warm-up]
//   taskset -c 1 node bench/round-trip.mjs        (all on one processor: without what it costs to wake another)
import { createServer, connect } from 'node:net';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { encodeMessage } from '../dist/protocol/codec.js';
import { dial, missing } from './peers/process.mjs';
import { startRedis } from './peers/redis.mjs';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';
import { microsBetween, threadMicros } from './process-family.mjs';

const QUESTION_BYTES = 120;
const TIME = { seconds: 0, nanos: 0 };

if (process.argv[2] === 'echo') echo(process.argv[3], Number(process.argv[4]));
else await run(Number(process.argv[2] ?? 5_000), Number(process.argv[3] ?? 2_000));

async function run(count, warmUp) {
  const daemon = await startDaemon();
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const status = await client.request('Health', {});
  const answerBytes = frame('Status', status).length;
  const path = join(newHome(), 'echo.sock');
  const server = fork(new URL(import.meta.url), ['echo', path, String(answerBytes)]);
  await new Promise((resolve) => server.once('message', resolve));
  const noRedis = missing('redis-server');
  const redis = noRedis ? undefined : startRedis('no');
  const sockets = [
    connect(path),
    connect(`${path}.long`),
    connect(daemon.socketPath),
    redis && (await dial({ path: redis.path })),
  ];
  const [short, long, bare, pinged] = sockets.map((socket) => socket && bouncer(socket));
  await bare(frame('Hello', { version: 1, client: 'bench' }));
  const question = Buffer.alloc(QUESTION_BYTES);
  const watches = frame('ListWatches', {});
  const PING = Buffer.from('PING\r\n');
  const asks = {
    'codi Status': [daemon.pid, () => client.request('Health', {})],
    'codi watches': [daemon.pid, () => client.request('ListWatches', {})],
    'the same, bare client': [daemon.pid, () => bare(watches, isWhole)],
    'bare echo': [server.pid, () => short(question)],
    'bare echo, long': [server.pid, () => long(question, ({ length }) => length >= answerBytes)],
    ...(pinged && { 'Redis PING': [undefined, () => pinged(PING)] }),
  };
  const waits = await inTurns(asks, count, warmUp);
  const micros = await alone(asks, count);
  show(waits, micros, answerBytes);
  if (noRedis) console.log(`not run: Redis PING (${noRedis})`);
  for (const socket of sockets) socket?.destroy();
  await client.close();
  await daemon.stop();
  await redis?.stop();
  server.kill();
}

/** Milliseconds of each, behind the warm-up: a daemon has been asked before. */
async function inTurns(asks, count, warmUp) {
  const waits = Object.fromEntries(Object.keys(asks).map((name) => [name, []]));
  for (let number = -warmUp; number < count; number++) {
    for (const [name, [, ask]] of Object.entries(asks)) {
      const startedMs = performance.now();
      await ask();
      if (number >= 0) waits[name].push(performance.now() - startedMs);
    }
  }
  return waits;
}

/** Processor time of this process, and of the one that answers where it is known, in microseconds a question. */
async function alone(asks, count) {
  const micros = {};
  for (const [name, [pid, ask]] of Object.entries(asks)) {
    const now = () => [process.pid, pid].filter(Boolean).map(threadMicros);
    const before = now();
    for (let number = 0; number < count; number++) await ask();
    micros[name] = now().map((after, side) => microsBetween(before[side], after) / count);
  }
  return micros;
}

function show(waits, micros, answerBytes) {
  console.log(`a Status has ${answerBytes} bytes; to the echo, p50 and p99`);
  const at = (name, share) => percentile(waits[name], share);
  for (const name of Object.keys(waits)) {
    const ratio = (share, to) => rounded(at(name, share) / at(to, share));
    console.log(
      `${name.padEnd(21)}  p50 ${rounded(at(name, 0.5))} ms, p99 ${rounded(at(name, 0.99))} ms; ` +
        `${ratio(0.5, 'bare echo')} and ${ratio(0.99, 'bare echo')} times, ` +
        `to the long one ${ratio(0.5, 'bare echo, long')} and ${ratio(0.99, 'bare echo, long')}; ` +
        `CPU ${micros[name].map(rounded).join(' and ')} µs`,
    );
  }
}

function echo(path, answerBytes) {
  const answer = Buffer.alloc(answerBytes);
  createServer((socket) => socket.on('data', () => socket.write(answer))).listen(
    `${path}.long`,
    () => createServer((socket) => socket.pipe(socket)).listen(path, () => process.send('up')),
  );
}

/** Sends and waits for whatever comes back, or until that is enough. */
function bouncer(socket) {
  let onData;
  socket.on('data', (chunk) => onData(chunk));
  return (bytes, isEnough = () => true) =>
    new Promise((resolve) => {
      let come;
      onData = (chunk) => {
        come = come ? Buffer.concat([come, chunk]) : chunk;
        if (isEnough(come)) resolve();
      };
      socket.write(bytes);
    });
}

/** A frame has its length before it. */
function isWhole(bytes) {
  return bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE(0);
}

function frame(kind, body) {
  const message = { id: crypto.randomUUID(), timestamp: TIME, payload: { kind, body } };
  return encodeMessage(message, 'msgpack');
}
