// So many clients that the daemon has no descriptor left: nothing new can be opened, and no thread can start.
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { RawClient } from '../support/raw-client.ts';

const LIMIT = 160;
const limited = (descriptors: number): [string, ...string[]] => [
  'sh',
  '-c',
  `ulimit -n ${descriptors} && exec "$0" "$@"`,
];

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let crowd: RawClient[] = [];

beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  leave();
  await daemon?.kill();
  daemon = undefined;
  place.remove();
});

function leave(): void {
  for (const { socket } of crowd) socket.destroy();
  crowd = [];
}

/** More clients than there is room for; resolves when one of them was turned away. */
function arrive(): Promise<unknown> {
  const more = Array.from({ length: LIMIT }, () => RawClient.unix(place.socketPath));
  crowd.push(...more);
  return Promise.race(more.map(({ socket }) => once(socket, 'close')));
}

it('a daemon without descriptors refuses what it cannot read, and answers when it has some again', async () => {
  daemon = await startDaemon(place, [], { under: limited(LIMIT) });
  const client = await daemon.client();
  const debug = await daemon.debug();
  await client.log({ level: 'Info', component: 'test', message: 'before' });
  const read = async () => (await client.query({}, { timeoutMs: 5_000 })).entries.length;
  const refused = async () => {
    // Gives back what its threads had open, and others may have started since.
    await debug.kill('core/storage/readers').catch(() => undefined);
    await arrive();
    return read().then(String, (error: { code: string }) => error.code);
  };
  await expect.poll(refused, { timeout: 60_000 }).toBe('CODI_STORAGE_UNAVAILABLE');
  await client.log({ level: 'Info', component: 'test', message: 'meanwhile' });
  leave();
  await expect.poll(() => read().catch(() => 0), { timeout: 20_000 }).toBe(2);
  debug.close();
  await client.close();
}, 120_000);

it('a daemon that may open too few files says so, and what to do', async () => {
  const start = startDaemon(place, [], { under: limited(48) });
  await expect(start).rejects.toThrow(
    /exited with 75: [^]*CODI_DESCRIPTORS_EXHAUSTED[^]*ulimit -n/,
  );
});
