// Many clients at once, each a connection of its own, send entries at a steady rate in all and wait for each answer;
// meanwhile three that misbehave come and go: one floods, one never reads, one sends half a frame. A process of its own
// sends, so that the daemon's memory is the daemon's. Before that the same senders write to a server that only appends
// and syncs (bench/peers/floor.mjs), which says what of a latency is this machine's and the senders' own.
//   node bench/clients.mjs [clients=1000] [entries a second in all=10000] [seconds=60]
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MonitorClient } from '../dist/client/index.js';
import { encodeMessage } from '../dist/protocol/codec.js';
import { newEntry } from './entry.mjs';
import { percentile, rounded, startDaemon } from './daemon.mjs';
import { dialFloor, startFloor } from './peers/floor.mjs';

const ENTRY_BYTES = 250;
/** What a message has around its entry. */
const ENVELOPE_BYTES = 100;
const TURN_MS = 5;
const WARM_UP_SECONDS = 2;

if (process.argv[2] === 'senders') await senders(JSON.parse(process.argv[3]));
else await run();

async function run() {
  const clients = Number(process.argv[2] ?? 1_000);
  const perSecond = Number(process.argv[3] ?? 10_000);
  const seconds = Number(process.argv[4] ?? 60);
  // Half a frame may not stay for longer than this; the default of 30 s would outlast a short run.
  process.env.CODI_LIMITS_FRAME_TIMEOUT = '2s';
  const bottom = await startFloor();
  const load = { clients, perSecond, seconds };
  const least = await measured({ floorPath: bottom.path, ...load, seconds: Math.min(seconds, 20) });
  await bottom.stop();
  report(`a server that only appends and syncs, ${clients} clients`, least);
  const daemon = await startDaemon();
  const { socketPath } = daemon;
  let rssBytes = 0;
  const sampler = setInterval(() => {
    const pages = Number(readFileSync(`/proc/${daemon.pid}/statm`, 'utf8').split(' ')[1]);
    rssBytes = Math.max(rssBytes, pages * 4096);
  }, 250);
  const quiet = await measured({ socketPath, ...load });
  report(`codi, ${clients} clients`, quiet, rssBytes);
  console.log(`ratio of p99, codi to that server: ${rounded(quiet.p99 / least.p99)}`);
  rssBytes = 0;
  const neighbours = misbehave(socketPath);
  const beside = await measured({ socketPath, ...load, seconds: Math.min(seconds, 20) });
  const ends = await neighbours.stop();
  report('the same beside three that misbehave', beside, rssBytes);
  console.log(`ratio of p99, beside to alone: ${rounded(beside.p99 / quiet.p99)}`);
  console.log(`those three: ${ends.join('; ')}`);
  clearInterval(sampler);
  await daemon.stop();
}

function report(name, { sent, refused, failed, seconds, p50, p99, p999 }, rssBytes) {
  console.log(
    `${name}: ${Math.round(sent / seconds).toLocaleString('en')} entries/s acknowledged after fsync, ` +
      `p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms, p99.9 ${rounded(p999)} ms; ` +
      `${refused} refused, ${failed} not connected` +
      (rssBytes ? `; RSS of the daemon at most ${Math.round(rssBytes / 1e6)} MB` : ''),
  );
}

/** Runs the senders in a process of their own. */
async function measured(load) {
  const options = ['senders', JSON.stringify(load)];
  const child = fork(fileURLToPath(import.meta.url), options, { stdio: 'inherit' });
  const [result] = await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve([message]));
    child.once('exit', (code) => reject(new Error(`the senders exited with ${code}`)));
  });
  return result;
}

async function senders({ socketPath, floorPath, clients: count, perSecond, seconds }) {
  const entry = newEntry(ENTRY_BYTES);
  const open = () =>
    floorPath === undefined
      ? MonitorClient.connect({ socketPath, spool: false })
      : dialFloor(floorPath, ENTRY_BYTES + ENVELOPE_BYTES);
  const opened = await Promise.allSettled(Array.from({ length: count }, open));
  const clients = opened.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
  const latencies = [];
  let refused = 0;
  let next = 0;
  const waiting = new Set();
  const send = (isCounted) => {
    const startedMs = performance.now();
    const sent = clients[next++ % clients.length].log(entry).then(
      () => isCounted && latencies.push(performance.now() - startedMs),
      () => refused++,
    );
    waiting.add(sent);
    void sent.then(() => waiting.delete(sent));
  };
  const steady = async (forSeconds, isCounted) => {
    const startedMs = performance.now();
    for (let sent = 0; ;) {
      const elapsedMs = performance.now() - startedMs;
      if (elapsedMs >= forSeconds * 1_000) break;
      for (; sent < (elapsedMs * perSecond) / 1_000; sent++) send(isCounted);
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
    await Promise.all(waiting);
  };
  await steady(WARM_UP_SECONDS, false);
  await steady(seconds, true);
  const at = (share) => percentile(latencies, share);
  const result = { sent: latencies.length, refused, failed: count - clients.length, seconds };
  process.send({ ...result, p50: at(0.5), p99: at(0.99), p999: at(0.999) });
  await Promise.all(clients.map((client) => client.close()));
  process.disconnect();
}

/** Three raw connections; `stop` says what became of each. */
function misbehave(socketPath) {
  const message = (kind, body) =>
    encodeMessage(
      {
        id: crypto.randomUUID(),
        timestamp: { seconds: Math.floor(Date.now() / 1_000), nanos: 0 },
        payload: { kind, body },
      },
      'msgpack',
    );
  const hello = message('Hello', { version: 1 });
  const ask = message('QueryLogs', { filter: {}, limit: 1_000 });
  const flood = message('LogEntry', {
    level: 'Info',
    component: 'flood',
    message: 'x'.repeat(900),
  });
  const open = (name, begin) => {
    const startedMs = performance.now();
    const socket = connect({ path: socketPath });
    let sent = 0;
    let end = 'is still connected';
    const closed = (how) => {
      if (end === 'is still connected')
        end = `${how} after ${rounded((performance.now() - startedMs) / 1_000)} s`;
    };
    socket.on('error', () => closed('was cut off'));
    socket.on('close', () => closed('was cut off'));
    socket.on('connect', () => {
      begin(socket, (bytes) => {
        sent += bytes.length;
        return socket.write(bytes);
      });
    });
    return {
      socket,
      say: () => `${name} ${end}, ${rounded(sent / 1e6)} MB sent`,
    };
  };
  const parts = [
    open('the one that floods', (socket, write) => {
      socket.resume();
      const some = Buffer.concat(Array(64).fill(flood));
      write(hello);
      const more = () => {
        while (!socket.destroyed && write(some));
      };
      socket.on('drain', more);
      more();
    }),
    open('the one that never reads', (socket, write) => {
      socket.pause();
      write(hello);
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : write(ask)), 5);
      timer.unref();
    }),
    open('the one that sends half a frame', (socket, write) => {
      socket.resume();
      write(hello);
      write(flood.subarray(0, 400));
    }),
  ];
  return {
    stop: async () => {
      for (const { socket } of parts) socket.destroy();
      return parts.map(({ say }) => say());
    },
  };
}
