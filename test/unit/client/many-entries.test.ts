import { describe, expect, it } from 'vitest';
import { ClientWorld, entry, expected } from '../../support/client-world.ts';

describe('a client with many entries', () => {
  const world = ClientWorld.use();
  const connect = (options?: object) => world.connect(options);
  const messages = () => world.messages();

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
    world.daemon.script = ({ kind }) => (kind.startsWith('Log') ? 'silence' : undefined);
    const client = await connect({ windowCount: 4 });
    for (let index = 0; index < 8; index++) {
      await client.room();
      void client.log(entry(index));
    }
    let hasRoom = false;
    void client.room().then(() => (hasRoom = true));
    await expect.poll(() => world.daemon.of('LogBatch').length).toBeGreaterThan(0);
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
