// A Status question and its answer, against an echo of the same bytes by a bare Node socket server and a PING of
// Redis over a Unix socket, in turns in the same run.
//   node bench/round-trip.mjs [count]
import { createServer, connect } from 'node:net';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { dial, missing } from './peers/process.mjs';
import { startRedis } from './peers/redis.mjs';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const count = Number(process.argv[2] ?? 5_000);

if (process.argv[2] === 'echo') {
  createServer((socket) => socket.pipe(socket)).listen(process.argv[3], () => process.send('up'));
} else {
  const path = join(newHome(), 'echo.sock');
  const echo = fork(new URL(import.meta.url), ['echo', path]);
  await new Promise((resolve) => echo.once('message', resolve));
  const daemon = await startDaemon();
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const socket = connect(path);
  const bounce = bouncer(socket);
  const noRedis = missing('redis-server');
  const redis = noRedis ? undefined : startRedis('no');
  const pinged = redis && (await dial({ path: redis.path }));
  const ping = pinged && bouncer(pinged);
  const bytes = Buffer.alloc(120);
  const PING = Buffer.from('PING\r\n');
  const ours = [];
  const bare = [];
  const theirs = [];
  for (let number = 0; number < count; number++) {
    const one = performance.now();
    await client.request('Health', {});
    const two = performance.now();
    await bounce(bytes);
    const three = performance.now();
    await ping?.(PING);
    if (number >= count / 10) {
      ours.push(two - one);
      bare.push(three - two);
      theirs.push(performance.now() - three);
    }
  }
  const line = (name, values) =>
    console.log(
      `${name}  p50 ${rounded(percentile(values, 0.5))} ms, p99 ${rounded(percentile(values, 0.99))} ms`,
    );
  line('codi Status  ', ours);
  line('bare echo    ', bare);
  const ratio = (values, share) => rounded(percentile(ours, share) / percentile(values, share));
  console.log(`to the echo     p50 ${ratio(bare, 0.5)} times, p99 ${ratio(bare, 0.99)} times`);
  if (redis) {
    line('Redis PING   ', theirs);
    console.log(
      `to Redis        p50 ${ratio(theirs, 0.5)} times, p99 ${ratio(theirs, 0.99)} times`,
    );
    pinged.destroy();
    await redis.stop();
  } else console.log(`not run: Redis PING (${noRedis})`);
  socket.destroy();
  await client.close();
  await daemon.stop();
  echo.kill();
}

/** Sends and waits for whatever comes back. */
function bouncer(socket) {
  let onData;
  socket.on('data', () => onData());
  return (bytes) =>
    new Promise((resolve) => {
      onData = resolve;
      socket.write(bytes);
    });
}
