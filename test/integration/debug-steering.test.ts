// What a person does through the debug socket of a real daemon happens, is recorded, and can be undone.
import { join } from 'node:path';
import { DebugClient } from '#codi/client/index.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { openPeerUsers } from '#codi/protocol/peer-user.js';
import { skipUnless } from '../support/skip.ts';

let place: DaemonPlace;
let daemon: RunningDaemon;
let debug: DebugClient;

beforeEach(async () => {
  place = newPlace();
  daemon = await startDaemon(place);
  debug = await daemon.debug();
});
afterEach(async () => {
  debug.close();
  await daemon.kill();
  place.remove();
});

const epochOf = async (path: string) => (await debug.call('inspect', { path })).epoch;

test('What is done through it is an act in the ledger, and so is what was refused.', async () => {
  await debug.call('kill', { path: 'serving/unix', reason: 'to see it come back' });
  await expect(debug.call('kill', { path: 'root' })).rejects.toMatchObject({
    code: 'CODI_ROOT_KILL',
  });
  await debug.call('suspend', { path: 'watching/roots', ttl_ms: 60_000 });
  expect(await debug.call('why', { path: 'watching/roots' })).toMatchObject({
    causes: [{ kind: 'suspended' }],
  });
  expect(await debug.call('resume', { path: 'watching/roots' })).toMatchObject({
    was_suspended: true,
  });
  const client = await eventually('a client', () => daemon.client().catch(() => undefined));
  const acts = await eventually('the acts', async () => {
    const answer = await client.request('QueryActs', { filter: {}, limit: 100 } as never);
    const rows = (answer as any).acts.filter(({ kind }: any) => kind.startsWith('debug.'));
    return rows.length >= 4 && rows;
  });
  await client.close();
  const told = acts.map(({ kind, subject, data }: any) => [
    kind,
    subject,
    (typeof data === 'string' ? JSON.parse(data) : data).outcome,
  ]);
  expect(told).toEqual(
    expect.arrayContaining([
      ['debug.kill', 'serving/unix', 'done'],
      ['debug.kill', 'root', 'refused'],
      ['debug.suspend', 'watching/roots', 'done'],
      ['debug.resume', 'watching/roots', 'done'],
    ]),
  );
});

const { isKnown } = await openPeerUsers(process.platform);
skipUnless(isKnown, 'koffi is not installed', { requiredOnCi: true })(
  'An act says whose the process was that asked for it, as the kernel knows it.',
  async () => {
    await debug.call('suspend', { path: 'watching/roots', ttl_ms: 60_000 });
    const client = await daemon.client();
    const act = await eventually('the act', async () => {
      const filter = { kind: 'debug.suspend' };
      return (await client.request('QueryActs', { filter, limit: 1 } as never)).acts[0];
    });
    await client.close();
    expect(act.actor).toBe(`debug socket, uid ${process.getuid!()}, pid ${process.pid}`);
  },
);

test('A stopped actor stays down, says why, and comes back when it is restarted.', async () => {
  const path = 'core/storage/maintenance';
  await debug.call('stop', { path, reason: 'not needed' });
  const why = await eventually('a stopped actor', async () => {
    const found = await debug.call('why', { path });
    return found.state === 'stopped' && found;
  });
  expect(why).toMatchObject({ is_running: false, causes: [{ kind: 'stoppedByOperator' }] });
  expect(why.last_exit?.reason).toContain('not needed');
  await expect(debug.call('peek', { path })).rejects.toMatchObject({
    code: 'CODI_ACTOR_NOT_RUNNING',
  });
  await debug.call('restart', { path });
  await eventually('it again', async () => (await debug.call('why', { path })).is_running);
});

test('The window itself can be killed, and opens again.', async () => {
  const watch = await debug.subscribe('watch_tree', {});
  const reading = (async () => {
    for await (const _event of watch);
  })();
  await debug.call('kill', { path: 'debug' });
  await expect(deadline('the end', reading)).rejects.toMatchObject({
    code: 'CODI_CONNECTION_LOST',
  });
  debug = await eventually('a new window', () => daemon.debug().catch(() => undefined));
  expect(await epochOf('debug')).toBe(2);
  const { reports } = await debug.call('reports', { path: 'debug' });
  expect(reports.map(({ kind }) => kind)).toContain('childRestarted');
  await expect(debug.call('stop', { path: 'debug' })).rejects.toMatchObject({
    code: 'CODI_NOT_PERMITTED',
  });
});

test('Without the grant the verbs that change something are not there.', async () => {
  const quiet = {
    ...place,
    dataDir: join(place.home, 'quiet'),
    socketPath: join(place.home, 'run', 'q.sock'),
  };
  const other = await startDaemon(quiet, [], { env: { CODI_DEBUG_WRITE: '0' } });
  const reader = await DebugClient.connect({
    socketPath: join(place.home, 'run', 'q.debug.sock'),
  });
  const hello = await reader.call('hello', {});
  expect(hello.write).toBe(false);
  for (const verb of ['kill', 'restart', 'stop', 'suspend', 'resume', 'replay'] as const) {
    expect(hello.verbs).not.toContain(verb);
    await expect(reader.call(verb, { path: 'debug' })).rejects.toMatchObject({
      code: 'CODI_NOT_PERMITTED',
      hint: expect.stringContaining('debug.write'),
    });
  }
  reader.close();
  await other.kill();
});
