// What codi alone does: compares a large tree with its record, and comes back when its watch host dies.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorClient } from '../../dist/client/index.js';
import { newHome, startDaemon } from '../daemon.mjs';
import { family, memoryMiB } from '../process-family.mjs';
import { nowMs, pause } from './watch-tree.mjs';

const KILLS = 3;
const REST_MS = 1_000;
/** As for the others: garbage is given back by then. */
const IDLE_MS = 12_000;

/** First and second start, a full sweep, memory, and `KILLS` crashes of the watch host with a change in each. */
export async function recovery(hintSource, root) {
  const home = newHome();
  const settings = { CODI_MONITOR_HINT_SOURCE: hintSource };
  const first = await startDaemon([root], home, settings);
  await first.stop({ keep: true });
  const daemon = await startDaemon([root], home, settings);
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const sync = () => client.request('Sync', {}, { timeoutMs: 60_000 });
  const heard = new Set();
  let wake;
  const follow = client.follow({ streams: ['events'] }, ({ rows }) => {
    for (const row of rows) heard.add(row.path);
    wake?.();
  });
  const synced = await sync();
  const hear = async (path) => {
    while (!heard.has(path)) await new Promise((resolve) => (wake = resolve));
  };
  const host = () => Number(family(daemon.pid)[1]);
  const crash = async (name, isTwice) => {
    const killedAt = nowMs();
    const killed = host();
    process.kill(killed, 'SIGKILL');
    writeFileSync(join(root, name), 'while it was down');
    if (isTwice) {
      while (!(host() > 0) || host() === killed) await pause(5);
      await pause(300);
      process.kill(host(), 'SIGKILL');
    }
    await hear(name);
    const committedMs = nowMs() - killedAt;
    await sync();
    const result = { committedMs, certainMs: nowMs() - killedAt };
    await pause(REST_MS);
    return result;
  };
  await pause(IDLE_MS);
  const memory = memoryMiB(family(daemon.pid));
  const crashes = [];
  for (let number = 0; number < KILLS; number++) crashes.push(await crash(`down${number}`));
  const inFirstLook = await crash('twice', true);
  const result = {
    firstStartSeconds: first.readyMs / 1_000,
    secondStartSeconds: daemon.readyMs / 1_000,
    syncMs: synced.duration_ms,
    memoryMiB: memory,
    crashes,
    inFirstLook,
  };
  follow.stop();
  await client.close();
  await daemon.stop();
  rmSync(home, { recursive: true, force: true });
  return result;
}
