// The real daemon in a process that can be asked over IPC what it holds: handles, descriptors, threads, children,
// timers and listeners. It starts and stops the daemon when told to, so that a test may compare.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import process from 'node:process';
import { loadConfig } from '#codi/config/load.js';
import { startDaemon } from '#codi/main.js';
import { openPeerUsers } from '#codi/protocol/peer-user.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { nodeEnvironment, ownerOfCurrentContext } from '#codi/supervisor/index.js';
import { createTelemetry } from '#codi/telemetry/telemetry.js';

const [dataDir, socketPath, debugSocketPath, ...roots] = process.argv.slice(2);

/** Come and go with whatever is under way: work, not resources. */
const PASSING = new Set(['Immediate', 'FSReqPromise', 'FSReqCallback', 'TickObject']);

/**
 * SQLite cannot close a database file while another connection of the process holds a lock on it; it keeps the
 * descriptor and gives it to the next connection. Their number is that of the connections there ever were at a time.
 */
const SQLITE_KEEPS = /^<data>\/(ledger|state)\.db$/;

const { environment, timers } = countedEnvironment();
let daemon;

/** The real environment; its timers are known until they fired or were cleared. */
function countedEnvironment() {
  const real = nodeEnvironment();
  const timers = new Set();
  const clock = {
    ...real.clock,
    setTimeout(callback, delayMs) {
      const timer = real.clock.setTimeout(() => {
        timers.delete(timer.id);
        callback();
      }, delayMs);
      timers.add(timer.id);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer.id);
      real.clock.clearTimeout(timer);
    },
  };
  return { environment: { ...real, clock }, timers };
}

async function start() {
  // What comes and goes by itself would make two countings differ: a look at the spool folder is a timer less while
  // it lasts, and the scrub opens its databases once in twelve hours.
  const env = { CODI_SPOOL_SCAN_INTERVAL: '1h', CODI_STORAGE_SCRUB: '0' };
  const loaded = loadConfig({ env, flags: { 'debug.write': true } });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const telemetry = createTelemetry({
    destination: 'stderr',
    level: 'info',
    clock: environment.clock,
  });
  daemon = await startDaemon({
    config: loaded.config,
    dataDir,
    socketPath,
    debugSocketPath,
    roots: roots.map((root) => ({ path: bytePathFromUtf8(root), recursive: true, patterns: [] })),
    exportPlan: {
      rules: { patterns: loaded.config.monitor.exportPatterns, transcripts: [] },
      folders: [],
    },
    environment,
    telemetry,
    version: 'test',
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    readPeerUser: (await openPeerUsers(process.platform)).read,
    audit: { origin: 'codi.test/counted' },
  });
  void daemon.ended.then((reason) => process.send({ type: 'gaveUp', reason }));
  await daemon.settled;
}

/** How many of each, by name. */
function tally(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(
    Object.entries(counts).toSorted(([one], [two]) => (one < two ? -1 : 1)),
  );
}

function descriptors() {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      // The one that lists them.
      if (target.endsWith('/fd')) return [];
      const name = target.replace(/:\[\d+\]$/, '').replace(dataDir, '<data>');
      return SQLITE_KEEPS.test(name) ? [] : [name];
    } catch {
      return [];
    }
  });
}

function children() {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

/** Listeners by kind of object and event. */
function listeners() {
  const emitters = [process, ...process._getActiveHandles()].filter((one) => one?.eventNames);
  return emitters.flatMap((emitter) =>
    emitter
      .eventNames()
      .flatMap((event) =>
        Array.from(
          { length: emitter.listenerCount(event) },
          () => `${emitter.constructor?.name} ${String(event)}`,
        ),
      ),
  );
}

function held() {
  return {
    handles: tally(process.getActiveResourcesInfo().filter((name) => !PASSING.has(name))),
    descriptors: tally(descriptors()),
    threads: readdirSync('/proc/self/task').length,
    children: children().length,
    timers: timers.size,
    listeners: tally(listeners()),
  };
}

async function run(message) {
  if (message.type === 'start') await start();
  if (message.type === 'stop') {
    await daemon.stop();
    daemon = undefined;
  }
  globalThis.gc?.();
  return held();
}

// As the program does: the safety net for what no callback of an actor caught.
const attribute = (error) => {
  const owner = ownerOfCurrentContext();
  if (owner) owner.crash(error);
  else throw error;
};
process.on('uncaughtException', attribute);
process.on('unhandledRejection', attribute);
process.on('message', (message) => {
  run(message).then(
    (counts) => process.send({ type: 'held', id: message.id, counts }),
    (error) =>
      process.send({ type: 'failed', id: message.id, error: String(error?.stack ?? error) }),
  );
});
process.send({ type: 'up' });
