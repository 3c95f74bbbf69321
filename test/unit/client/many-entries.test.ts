import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { FakeDaemon } from '../../support/fake-daemon.ts';

const entry = (index: number) => ({
  level: 'Info' as const,
  component: 'test',
  message: `entry ${index}`,
  metadata: { index },
});

describe('a client with many entries', () => {
  let daemon: FakeDaemon;
  const clients: MonitorClient[] = [];

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.abort(new Error('test over') as never);
    await daemon.stop();
  });

  const connect = async (options: object = {}) => {
    const client = await MonitorClient.connect({
      socketPath: daemon.socketPath,
      retry: { minMs: 5, maxMs: 20 },
      ...options,
    });
    clients.push(client);
    return client;
  };
  const messages = () => daemon.stored.map((row) => row.message);
  const expected = (count: number) => Array.from({ length: count }, (_, index) => `entry ${index}`);

  it('writes many entries with one promise, in order, and waits for room meanwhile', async () => {
    const client = await connect({ windowCount: 8, backlogCount: 16 });
    const entries = expected(200).map((_, index) => entry(index));
    const accepted = await client.batch(entries);
    expect(accepted.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
    expect(messages()).toEqual(expected(200));
  });

  it('stops at the first failure among many and throws it', async () => {
    const client = await connect();
    const bad = { ...entry(1), component: 'x'.repeat(300) };
    const batch = client.batch([entry(0), bad, entry(2)]);
    await expect(batch).rejects.toMatchObject({ code: 'CODI_ENTRY_INVALID' });
    await expect(client.flush()).rejects.toMatchObject({ code: 'CODI_ENTRY_INVALID' });
    expect(messages()).toEqual(['entry 0']);
  });

  it('has room while no more than a window waits', async () => {
    daemon.script = ({ kind }) => (kind.startsWith('Log') ? 'silence' : undefined);
    const client = await connect({ windowCount: 4 });
    for (let index = 0; index < 8; index++) {
      await client.room();
      void client.log(entry(index));
    }
    let hasRoom = false;
    void client.room().then(() => (hasRoom = true));
    await expect.poll(() => daemon.of('LogBatch').length).toBeGreaterThan(0);
    expect(hasRoom).toBe(false);
    client.abort(new Error('enough') as never);
    await expect.poll(() => hasRoom).toBe(true);
  });

  it('tells flush() of an entry that was refused at once', async () => {
    const client = await connect();
    void client.log({ ...entry(0), level: 'Loud' as never });
    await expect(client.flush()).rejects.toMatchObject({ code: 'CODI_ENTRY_INVALID' });
    await client.flush();
  });
});
