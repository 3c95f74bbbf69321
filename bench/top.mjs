// What `codi top` costs the daemon: processor time with 1,000 actors (a client each) while nobody looks, and while a
// frame of all of them is taken every second, in turns in the same run.
//   node bench/top.mjs [clients] [seconds] [rounds]
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { DebugClient } from '../dist/client/debug-client.js';
import { percentile, rounded, startDaemon } from './daemon.mjs';

const clients = Number(process.argv[2] ?? 1_000);
const seconds = Number(process.argv[3] ?? 20);
const rounds = Number(process.argv[4] ?? 3);
const TICKS_PER_SECOND = 100;

process.env.CODI_LIMITS_CONNECTIONS = String(clients + 10);
const daemon = await startDaemon();
const sockets = await Promise.all(Array.from({ length: clients }, () => open(daemon.socketPath)));
const debug = await DebugClient.connect({
  socketPath: daemon.socketPath.replace(/\.sock$/, '.debug.sock'),
  requestTimeoutMs: 60_000,
});

const idle = [];
const watched = { default: [], all: [] };
const frames = { count: 0, actors: 0, bytes: 0, stale: 0 };
for (let round = 0; round < rounds; round += 1) {
  idle.push(await cpuShareOf(pause));
  watched.default.push(await cpuShareOf(() => watch({})));
  watched.all.push(await cpuShareOf(() => watch({ limit: clients + 50 })));
}
const median = (values) => percentile(values, 0.5);
const cost = (values) => rounded(100 * (median(values) - median(idle)));
console.log(
  JSON.stringify(
    {
      clients,
      seconds,
      rounds,
      idlePercent: rounded(100 * median(idle)),
      topPercent: cost(watched.default),
      topOfAllActorsPercent: cost(watched.all),
      frames: frames.count,
      actorsInLastFrame: frames.actors,
      bytesOfLastFrame: frames.bytes,
      staleFrames: frames.stale,
      rssOfDaemonMiB: rounded(rssBytes() / 2 ** 20),
    },
    null,
    2,
  ),
);
debug.close();
for (const socket of sockets) socket.destroy();
await daemon.stop();

/** A client that has said something: the daemon has an actor for it. */
function open(path) {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
    socket.once('connect', () => socket.write('{"Health":{}}\n'));
  });
}

async function watch(extra) {
  const subscription = await debug.subscribe('top', { interval_ms: 1_000, ...extra });
  const timer = setTimeout(() => subscription.close(), seconds * 1_000);
  for await (const frame of subscription) {
    frames.count += 1;
    frames.actors = frame.actors.length;
    frames.bytes = JSON.stringify(frame).length;
    if (frame.stale_ms !== undefined) frames.stale += 1;
  }
  clearTimeout(timer);
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

/** Processor time of the daemon meanwhile, all its threads, as a share of one core. */
async function cpuShareOf(work) {
  const [ticks, startMs] = [cpuTicks(), performance.now()];
  await work();
  const spentMs = ((cpuTicks() - ticks) * 1_000) / TICKS_PER_SECOND;
  return spentMs / (performance.now() - startMs);
}

/** utime and stime of proc_pid_stat(5). */
function cpuTicks() {
  const stat = readFileSync(`/proc/${daemon.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function rssBytes() {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'));
  return Number(kib) * 1_024;
}
