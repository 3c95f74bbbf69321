// Restart latency of actors (inline, thread, process), messages/s of a cell against a bare XState actor of the same
// machine, and what following a storm costs: in many short rounds, taken in pairs in the same run. Rates are messages
// per second of processor time of the whole process, so that whoever else uses the machine counts for little.
//   node --expose-gc bench/supervisor.mjs [messages] [restarts] [pairs]
import { parentPort, Worker } from 'node:worker_threads';
import { assign, createActor, setup } from 'xstate';
import * as supervisor from '../dist/supervisor/index.js';
import { percentile, rounded } from './daemon.mjs';

const messages = Number(process.argv[2] ?? 200_000);
const restarts = Number(process.argv[3] ?? 200);
const pairs = Number(process.argv[4] ?? 15);
const roomy = { intensity: 1e9, periodMs: 1_000 };
const mailbox = { limitCount: 2 ** 20, limitBytes: 2 ** 30, overflow: 'dropNew' };
const { behaviour, nodeEnvironment, startSystem } = supervisor;

/** This file is its own thread and process: both only say that they are ready. */
const hosted = (kind) => ({
  kind,
  entry: new URL(import.meta.url),
  env: { CODI_BENCH_HOST: kind },
});

/** A counter that stops at a number and says so. */
const counterMachine = setup({}).createMachine({
  context: { count: 0 },
  initial: 'on',
  states: {
    on: {
      tags: ['ready'],
      on: {
        tick: { actions: assign({ count: ({ context }) => context.count + 1 }) },
        'sys.shutdown': 'off',
      },
    },
    off: { type: 'final' },
  },
});

function counter(id, onCount = () => {}, isolation) {
  return {
    type: 'worker',
    id,
    mailbox,
    ...(isolation ? { isolation } : {}),
    start: () => {
      let seen = 0;
      const receive = (message, lifecycle) => {
        lifecycle.send(message);
        seen += 1;
        onCount(seen);
      };
      return behaviour({ machine: counterMachine, effects: {}, receive });
    },
  };
}

function tree(children, options = {}) {
  const root = { type: 'supervisor', id: 'root', strategy: 'one_for_one', ...roomy, children };
  return startSystem(root, { environment: nodeEnvironment(), ...options });
}

/** Seconds of processor time that the whole process has used. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function bareRate(count) {
  const actor = createActor(counterMachine).start();
  const started = cpuSeconds();
  for (let number = 0; number < count; number += 1) actor.send({ type: 'tick' });
  const rate = count / (cpuSeconds() - started);
  actor.stop();
  return rate;
}

async function cellRate(count) {
  const system = await tree([counter('a')]);
  const rate = await stormRate(system, count);
  await system.stop();
  return rate;
}

/** Messages/s of one actor, as many as a mailbox holds at a time. */
async function stormRate(system, count) {
  const ref = system.ref('a');
  const { messagesIn } = system.stats('a');
  const started = cpuSeconds();
  for (let sent = 0; sent < count; sent += 1) ref.send({ type: 'tick' });
  while (system.stats('a').messagesIn < messagesIn + count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count / (cpuSeconds() - started);
}

/** As the debug socket follows: events are gathered and leave for another thread in batches. */
function follow(system, worker) {
  let batch = [];
  const flush = () => {
    if (batch.length > 0) worker.postMessage(batch);
    batch = [];
  };
  const timer = setInterval(flush, 50);
  let events = 0;
  const bounds = { pattern: '**', limit: 100_000, forMs: 600_000, perSecond: 1_000 };
  const trace = system.trace(bounds, (event) => {
    events += 1;
    batch.push(event);
  });
  return () => {
    trace.stop();
    clearInterval(timer);
    flush();
    return events;
  };
}

function heapBytes() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Rates without and with a trace in turns; each pair gives one ratio. */
async function traceCost(count) {
  const system = await tree([counter('a')]);
  const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => {})', {
    eval: true,
  });
  await stormRate(system, count);
  const ratios = [];
  let events = 0;
  let heapGrowth = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    const traced = async () => {
      const before = heapBytes();
      const stop = follow(system, worker);
      const rate = await stormRate(system, count);
      events += stop();
      heapGrowth = Math.max(heapGrowth, heapBytes() - before);
      return rate;
    };
    // Who comes first changes, so that a machine that slows down favours nobody.
    const plainFirst = pair % 2 === 0;
    const first = plainFirst ? await stormRate(system, count) : await traced();
    const second = plainFirst ? await traced() : await stormRate(system, count);
    ratios.push(plainFirst ? second / first : first / second);
  }
  await worker.terminate();
  await system.stop();
  return { ratios, events, heapGrowth };
}

async function restartLatency(isolation, count) {
  const waits = [];
  let resolve;
  const system = await tree([counter('a', undefined, isolation)], {
    onReport: (report) => report.kind === 'childRestarted' && resolve(),
  });
  for (let number = 0; number < count; number += 1) {
    const started = performance.now();
    const back = new Promise((settle) => (resolve = settle));
    system.kill('a');
    await back;
    waits.push(performance.now() - started);
  }
  await system.stop();
  return waits;
}

const middle = (values) => percentile(values, 0.5);

async function main() {
  const overheads = [];
  const cells = [];
  for (let pair = 0; pair <= pairs; pair += 1) {
    const rates = pair % 2 === 0 ? [bareRate(messages)] : [];
    const cell = await cellRate(messages);
    if (rates.length === 0) rates.push(bareRate(messages));
    if (pair === 0) continue; // warms up
    overheads.push(rates[0] / cell);
    cells.push(cell);
  }
  const spread = (values) =>
    `${rounded(middle(values))} (${rounded(percentile(values, 0.1))} to ${rounded(percentile(values, 0.9))})`;
  console.log(`cell               ${rounded(middle(cells) / 1_000)} k messages/s`);
  console.log(`cell overhead      ${spread(overheads)} x a bare actor (goal: at most 2)`);
  const { ratios, events, heapGrowth } = await traceCost(messages * 4);
  console.log(
    `throughput traced  ${spread(ratios)} of untraced, ${events} events (goal: at least 0.9)`,
  );
  console.log(`heap kept by it    ${rounded(heapGrowth / 1024)} KiB at most`);
  const show = (name, waits) =>
    console.log(
      `restart, ${name}  p50 ${rounded(middle(waits))} ms, p99 ${rounded(percentile(waits, 0.99))} ms`,
    );
  const inline = await restartLatency(undefined, restarts * 10);
  show('inline ', inline);
  const thread = await restartLatency(hosted('thread'), restarts);
  show('thread ', thread);
  show('process', await restartLatency(hosted('process'), Math.ceil(restarts / 4)));
}

if (process.env.CODI_BENCH_HOST === 'thread') {
  parentPort.on('message', () => {});
  parentPort.postMessage({ type: 'sys.ready' });
} else if (process.env.CODI_BENCH_HOST === 'process') {
  process.on('disconnect', () => process.exit());
  process.send({ type: 'sys.ready' });
} else await main();
