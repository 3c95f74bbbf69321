// A Status question and its answer, against an echo of the same bytes by a bare Node socket server, in turns in
// the same run.
//   node bench/round-trip.mjs [count]
import { createServer, connect } from 'node:net';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const count = Number(process.argv[2] ?? 5_000);

if (process.argv[2] === 'echo') {
  createServer((socket) => socket.pipe(socket)).listen(process.argv[3], () => process.send('up'));
} else {
  const path = join(newHome(), 'echo.sock');
  const echo = fork(new URL(import.meta.url).pathname, ['echo', path]);
  await new Promise((resolve) => echo.once('message', resolve));
  const daemon = await startDaemon();
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const socket = connect(path);
  let onData;
  socket.on('data', () => onData());
  const bounce = (bytes) =>
    new Promise((resolve) => {
      onData = resolve;
      socket.write(bytes);
    });
  const bytes = Buffer.alloc(120);
  const ours = [];
  const bare = [];
  for (let number = 0; number < count; number++) {
    const one = performance.now();
    await client.request('Health', {});
    const two = performance.now();
    await bounce(bytes);
    if (number >= count / 10) {
      ours.push(two - one);
      bare.push(performance.now() - two);
    }
  }
  const line = (name, values) =>
    console.log(
      `${name}  p50 ${rounded(percentile(values, 0.5))} ms, p99 ${rounded(percentile(values, 0.99))} ms`,
    );
  line('codi Status  ', ours);
  line('bare echo    ', bare);
  console.log(`ratio of p50   ${rounded(percentile(ours, 0.5) / percentile(bare, 0.5))}`);
  socket.destroy();
  await client.close();
  await daemon.stop();
  echo.kill();
}
