import { afterEach, beforeEach, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { FakeDaemon } from '../../support/fake-daemon.ts';

let daemon: FakeDaemon;
let client: MonitorClient;

beforeEach(async () => {
  daemon = await FakeDaemon.start();
});
afterEach(async () => {
  client.abort(new Error('test over') as never);
  await daemon.stop();
});

const connect = (options: object = {}) =>
  MonitorClient.connect({
    socketPath: daemon.socketPath,
    retry: { minMs: 5, maxMs: 20 },
    ...options,
  });
const entry = (message: string) => ({ level: 'Info' as const, component: 'test', message });
const claims = () => daemon.of('Hello').map(({ body }) => body.new_producer ?? false);

it('says that its producer is new at its first connection, and never again', async () => {
  client = await connect();
  await client.log(entry('one'));
  await daemon.crash();
  const later = client.log(entry('two'));
  await daemon.listen();
  await later;
  expect(claims()).toEqual([true, false]);
  expect(daemon.stored.map(({ message }) => message)).toEqual(['one', 'two']);
});

it('claims nothing of a producer that was given to it', async () => {
  client = await connect({ producerId: 'mine' });
  expect(claims()).toEqual([false]);
});
