import { describe, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { ClientWorld, entry } from '../../support/client-world.ts';
import { deadline } from '../../support/deadline.ts';

describe('a client without a spool', () => {
  const world = ClientWorld.use();
  const open = (options?: object) =>
    MonitorClient.open({
      socketPath: world.daemon.socketPath,
      retry: { minMs: 5, maxMs: 20 },
      deadlineMs: 60,
      ...options,
    });

  it('fails what waits longer than the deadline when no daemon was ever there', async () => {
    await world.daemon.crash();
    const client = open();
    const failed = client.log(entry(0));
    await expect(deadline('the entry to fail', failed, 5_000)).rejects.toMatchObject({
      code: 'CODI_UNREACHABLE',
    });
    expect(client.counts.dropped).toBe(1);
    await world.daemon.listen();
    await client.log(entry(1));
    expect(world.messages()).toEqual(['entry 1']);
    await client.close();
  });

  it('fails what comes after an idle connection was lost', async () => {
    const client = await world.connect({ deadlineMs: 60 });
    await client.log(entry(0));
    const lost = new Promise((resolve) => client.onDisconnect(resolve));
    await world.daemon.crash();
    await lost;
    const failed = client.log(entry(1));
    await expect(deadline('the entry to fail', failed, 5_000)).rejects.toMatchObject({
      code: 'CODI_UNREACHABLE',
    });
  });

  it('closes after the deadline at the latest', async () => {
    await world.daemon.crash();
    const client = open();
    void client.log(entry(0));
    await deadline('the client to close', client.close(), 5_000);
    expect(client.counts.dropped).toBe(1);
  });
});
