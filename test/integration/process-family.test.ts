// The daemon and its children live and die together, and one data directory has one daemon.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { isAlive } from '../support/is-alive.ts';
import { skipUnless } from '../support/skip.ts';

let running: RunningDaemon[] = [];
const places: { remove(): void }[] = [];
const place = () => {
  const made = newPlace();
  places.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(running.map((daemon) => daemon.kill()));
  running = [];
  for (const made of places.splice(0)) made.remove();
});

const start = async (...args: Parameters<typeof startDaemon>) => {
  const daemon = await startDaemon(...args);
  running.push(daemon);
  return daemon;
};

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}

skipUnless(existsSync('/proc/self/task'), 'there is no /proc', { requiredOnCi: true })(
  'no child outlives a daemon that is killed by more than two seconds',
  async () => {
    const home = place();
    const root = join(home.home, 'root');
    mkdirSync(root);
    const daemon = await start(home, [root]);
    const children = childrenOf(daemon.pid);
    expect(children.length).toBeGreaterThan(0);
    await daemon.kill();
    await eventually('the end of every child', () => !children.some(isAlive), 2_000);
  },
);

test('a second daemon on the same data directory is refused with the pid of the first', async () => {
  const home = place();
  const daemon = await start(home);
  const second = startDaemon({ ...home, socketPath: join(home.home, 'run', 'other.sock') });
  await expect(second).rejects.toThrow(new RegExp(`exited with 3: .*pid ${daemon.pid}`, 's'));
  // The first one is not disturbed.
  const client = await daemon.client();
  expect((await client.request('Health', {})).state).toBe('healthy');
  await client.close();
});

test('a daemon of another data directory does not touch sockets that are in use', async () => {
  const home = place();
  const daemon = await start(home);
  const second = startDaemon({ ...home, dataDir: join(home.home, 'other') });
  await expect(second).rejects.toThrow(/exited with 3: .*already listens on/s);
  const debug = await daemon.debug();
  expect((await debug.tree()).path).toBe('root');
  debug.close();
});

test('two data directories have two daemons side by side', async () => {
  const [one, two] = await Promise.all([start(place()), start(place())]);
  expect(one.pid).not.toBe(two.pid);
});

test('a daemon that was killed leaves a socket that its successor takes over', async () => {
  const home = place();
  const first = await start(home);
  await first.kill();
  expect(existsSync(home.socketPath)).toBe(true);
  const second = await start(home);
  const client = await second.client();
  expect((await client.request('Health', {})).pid).toBe(second.pid);
  await client.close();
});

test('SIGTERM drains: what was sent before it is answered and on disk', async () => {
  const home = place();
  const daemon = await start(home);
  const client = await daemon.client();
  const answers = Array.from({ length: 2_000 }, (_, number) =>
    client.log({ level: 'Info', component: 'drain', message: `${number}` }),
  );
  await answers[0];
  expect(await daemon.stop()).toBe(0);
  const settled = await Promise.allSettled(
    answers.map((answer) => Promise.race([answer, new Promise((_, no) => setTimeout(no, 200))])),
  );
  const acceptedCount = settled.filter(({ status }) => status === 'fulfilled').length;
  client.abort(new Error('the test is over') as never);
  const again = await start(home);
  const reader = await again.client();
  // A page is short when looking for more would take too long.
  let found = 0;
  let cursor: string | null | undefined;
  do {
    const page = await reader.query(
      { component: 'drain' },
      { limit: 10_000, ...(cursor && { cursor }) },
    );
    found += page.entries.length;
    cursor = page.next;
  } while (cursor);
  expect(found).toBeGreaterThanOrEqual(acceptedCount);
  await reader.close();
});
