// Given a root of which each look hangs once it was listed, as on a dead mount, and a host that looks ahead of its sweep.
// Break: threads of the host hang in these looks. Expect: its main thread does not, it tells that it lives, and it ends at
// once when it is told to, or when its parent is gone; an exit that waits for its threads would take for ever.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { NO_READ_AHEAD } from '#codi/workers/watch-host/ahead-slots.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { deadline, eventually } from '../support/deadline.ts';
import { canMount, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';
import { WatchHostProcess } from '../support/watch-host-process.ts';
import { ROOT_OPTIONS } from '../support/watch-world.ts';

const chaos = skipUnless(canMount && existsSync('/dev/fuse'), `${NO_MOUNTS} and FUSE`);
const SERVER = fileURLToPath(new URL('../support/stuck-mount.mjs', import.meta.url));
/** Mounts ($1) with a server beside it ($2, with Node $3) that does not hold the host's channel, and goes on. */
const BEFORE = `env -u NODE_CHANNEL_FD "$3" "$2" "$1" "$1.ready" 3<&- &
until [ -e "$1.ready" ]; do sleep 0.02; done; shift 3; exec "$@"`;

let base: string;
let host: WatchHostProcess;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'codi-hanging-'));
});
afterEach(async () => {
  host.child.kill('SIGKILL');
  await host.exited;
  rmSync(base, { recursive: true, force: true });
});

/** Threads that wait for an answer of the file system, the main thread (the first) left out. */
function hangingThreads(): number {
  const tasks = `/proc/${host.child.pid}/task`;
  const others = readdirSync(tasks).filter((task) => task !== String(host.child.pid));
  return others.filter((task) =>
    /fuse|request_wait/.test(readFileSync(`${tasks}/${task}/wchan`, 'utf8')),
  ).length;
}

async function hang(): Promise<void> {
  const at = join(base, 'root');
  mkdirSync(at);
  host = new WatchHostProcess([
    ...(['unshare', '-m', 'sh', '-c', BEFORE, 'sh'] as const),
    ...[at, SERVER, process.execPath],
  ]);
  await host.until(() => host.messages.some(({ type }) => type === 'sys.ready'), 'it is ready');
  const watches = { hosts: 1, watchSharePercent: 50, watchesCount: 1_000 };
  const readAhead = { ...NO_READ_AHEAD, looksCount: 2, aboveMs: 0 };
  host.send({ type: 'limits', limits: { ...watches, coverageIntervalMs: 30_000, readAhead } });
  const options = { ...ROOT_OPTIONS, hintSource: 'none' as const };
  host.send({ type: 'watch', root: 1, path: bytePathFromUtf8(at), options });
  host.send({ type: 'index', root: 1, page: packIndex([]).bytes, done: true });
  await eventually('looks that hang', () => Promise.resolve(hangingThreads() === 2));
}

chaos('A host with looks that hang ends when it is told to.', async () => {
  await hang();
  host.send({ type: 'stop' });
  await deadline('its end', host.exited, 2_000);
});

chaos('A host with looks that hang does not outlive its parent.', async () => {
  await hang();
  host.child.disconnect();
  await deadline('its end', host.exited, 2_000);
  expect(host.has('failed', 1)).toBe(false);
});
