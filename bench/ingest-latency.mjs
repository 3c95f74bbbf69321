// One durable write at a time, the caller waiting: on an idle daemon, then beside clients that saturate it.
//   node bench/ingest-latency.mjs [writes] [saturating clients]
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MonitorClient } from '../dist/client/index.js';
import { newEntry } from './entry.mjs';
import { percentile, rounded, startDaemon } from './daemon.mjs';

const writes = Number(process.argv[2] ?? 1_000);
const saturating = Number(process.argv[3] ?? 1);
const entry = newEntry();

export function startSaturating(socketPath) {
  const child = fork(new URL('saturate.mjs', import.meta.url), [socketPath]);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    acked: () =>
      new Promise((resolve) => {
        child.once('message', resolve);
        child.send('count');
      }),
    stop: async () => {
      child.send('stop');
      await exited;
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const daemon = await startDaemon();
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const measure = async (name) => {
    const waits = [];
    const calls = [];
    for (let number = 0; number < writes; number++) {
      const sentAt = performance.now();
      const answer = client.log(entry);
      calls.push(performance.now() - sentAt);
      await answer;
      waits.push(performance.now() - sentAt);
    }
    const show = (values, share) => `${rounded(percentile(values, share))} ms`;
    console.log(
      `${name}  p50 ${show(waits, 0.5)}, p99 ${show(waits, 0.99)}, most ${show(waits, 1)}; the call alone p99 ${show(calls, 0.99)}`,
    );
  };
  await measure('idle            ');
  const others = Array.from({ length: saturating }, () => startSaturating(daemon.socketPath));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const before = await Promise.all(others.map((other) => other.acked()));
  const started = performance.now();
  await measure(`beside ${saturating} at full`);
  const after = await Promise.all(others.map((other) => other.acked()));
  const total = after.reduce((sum, count, at) => sum + count - before[at], 0);
  const rate = total / ((performance.now() - started) / 1_000);
  console.log(`the others meanwhile: ${Math.round(rate).toLocaleString('en')} entries/s`);
  await Promise.all(others.map((other) => other.stop()));
  await client.close();
  await daemon.stop();
}
