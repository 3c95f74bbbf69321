// Restart latency of actors (inline, thread, process) and messages/s of a cell against a bare XState actor of the
// same machine, in turns in the same run; for comparison what a trace costs.
//   node bench/supervisor.mjs [messages] [restarts]
import { parentPort } from 'node:worker_threads';
import { assign, createActor, setup } from 'xstate';
import * as supervisor from '../dist/supervisor/index.js';
import { percentile, rounded } from './daemon.mjs';

const messages = Number(process.argv[2] ?? 200_000);
const restarts = Number(process.argv[3] ?? 200);
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

function bareRate(count) {
  const actor = createActor(counterMachine).start();
  const started = performance.now();
  for (let number = 0; number < count; number += 1) actor.send({ type: 'tick' });
  const rate = count / ((performance.now() - started) / 1_000);
  actor.stop();
  return rate;
}

async function cellRate(count, traceLimit = 0) {
  let done;
  const finished = new Promise((resolve) => (done = resolve));
  const system = await tree([counter('a', (seen) => seen === count && done())]);
  if (traceLimit > 0) {
    system.trace({ pattern: '*', limit: traceLimit, forMs: 60_000 }, () => {});
  }
  const ref = system.ref('a');
  const started = performance.now();
  for (let number = 0; number < count; number += 1) ref.send({ type: 'tick' });
  await finished;
  const rate = count / ((performance.now() - started) / 1_000);
  await system.stop();
  return rate;
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
  const bare = [];
  const cell = [];
  const traced = [];
  for (let round = 0; round < 6; round += 1) {
    const rates = [
      bareRate(messages),
      await cellRate(messages),
      await cellRate(messages, messages),
    ];
    if (round === 0) continue; // warms up
    bare.push(rates[0]);
    cell.push(rates[1]);
    traced.push(rates[2]);
  }
  console.log(`bare XState actor  ${rounded(middle(bare) / 1_000)} k messages/s`);
  console.log(`cell               ${rounded(middle(cell) / 1_000)} k messages/s`);
  console.log(
    `cell overhead      ${rounded(middle(bare) / middle(cell))} x a bare actor (goal: at most 2)`,
  );
  console.log(`cell, traced       ${rounded(middle(traced) / 1_000)} k messages/s`);
  console.log(`throughput traced  ${rounded(middle(traced) / middle(cell))} of untraced`);
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
