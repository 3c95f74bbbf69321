import { describe, expect, it } from 'vitest';
import { CodiError } from '#codi/protocol/errors.js';
import { ClientWorld, entry, expected } from '../../support/client-world.ts';
import { rejected } from '../../support/fake-daemon.ts';

describe('the client', () => {
  const world = ClientWorld.use();
  const connect = (options?: object) => world.connect(options);
  const messages = () => world.messages();

  it('says hello with a producer id of its own and its identity', async () => {
    const client = await connect({ clientName: 'me', sessionId: 's1', userId: 'u', tenantId: 't' });
    const [hello] = world.daemon.of('Hello');
    expect(hello?.body).toMatchObject({ version: 1, client: 'me', session_id: 's1', user_id: 'u' });
    expect(hello?.body.producer_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(client.welcome?.limits.window).toBe(1024);
  });

  it('resolves a log entry only when it is accepted', async () => {
    const client = await connect();
    const accepted = await client.log(entry(0));
    expect(accepted.sequence).toBe(1);
    expect(world.daemon.stored[0]).toMatchObject({ message: 'entry 0', component: 'test' });
    expect(world.daemon.stored[0]?.metadata).toEqual({ index: 0 });
  });

  it('sends entries of one turn together', async () => {
    const client = await connect();
    await Promise.all(expected(10).map((_, index) => client.log(entry(index))));
    await client.log(entry(10));
    expect(world.daemon.of('LogBatch').map(({ body }) => body.entries.length)).toEqual([10, 1]);
    expect(messages()).toEqual(expected(11));
  });

  it('keeps no more entries in flight than the smaller of the two windows', async () => {
    world.daemon.window = 4;
    world.daemon.script = ({ kind }) => (kind.startsWith('Log') ? 'silence' : undefined);
    const client = await connect();
    for (let index = 0; index < 20; index++) void client.log(entry(index));
    await expect.poll(() => world.daemon.of('LogBatch').length).toBe(1);
    expect(world.daemon.of('LogBatch')[0]?.body.entries).toHaveLength(4);
  });

  it('sends everything again in order after a retryable refusal', async () => {
    const client = await connect({ windowCount: 8 });
    let refusals = 3;
    world.daemon.script = ({ kind }) => {
      if (!kind.startsWith('Log') || refusals === 0) return undefined;
      refusals -= 1;
      return rejected('CODI_DISK_FULL', { retry_after_ms: 5 });
    };
    await Promise.all(expected(50).map((_, index) => client.log(entry(index))));
    expect(messages()).toEqual(expected(50));
  });

  it('brings entries home exactly once over lost connections and lost answers', async () => {
    const client = await connect({ windowCount: 16 });
    let count = 0;
    world.daemon.script = ({ kind }, connection) => {
      if (!kind.startsWith('Log')) return undefined;
      count += 1;
      if (count % 5 === 0) return 'hang up';
      if (count % 7 === 0) setImmediate(() => connection.socket.destroy());
      return undefined;
    };
    await Promise.all(expected(300).map((_, index) => client.log(entry(index))));
    expect(messages()).toEqual(expected(300));
    expect(world.daemon.connectionCount).toBeGreaterThan(2);
  });

  it('comes back when the daemon was away and then restarted', async () => {
    const client = await connect();
    await client.log(entry(0));
    await world.daemon.crash();
    const later = client.log(entry(1));
    await world.daemon.listen();
    await later;
    expect(messages()).toEqual(expected(2));
  });

  it('fails what waits when the daemon stays away longer than the deadline', async () => {
    const client = await connect({ deadlineMs: 60 });
    await world.daemon.crash();
    await expect(client.log(entry(0))).rejects.toMatchObject({ retryable: true });
    await world.daemon.listen();
    await client.log(entry(1));
    expect(messages()).toEqual(['entry 1']);
    await expect(client.flush()).rejects.toMatchObject({ retryable: true });
    const producers = new Set(world.daemon.of('Hello').map((hello) => hello.body.producer_id));
    expect(producers.size, 'given up numbers are not used again').toBeGreaterThan(1);
  });

  it('fails only the refused entry for good and goes on with the others', async () => {
    const client = await connect();
    world.daemon.script = ({ kind, body }) =>
      kind === 'LogBatch' && body.entries[0].message === 'entry 1'
        ? rejected('CODI_ENTRY_INVALID')
        : undefined;
    await client.log(entry(0));
    await expect(client.log(entry(1))).rejects.toMatchObject({ code: 'CODI_ENTRY_INVALID' });
    await client.log(entry(2));
    expect(messages()).toEqual(['entry 0', 'entry 2']);
  });

  it('refuses entries that no daemon would take before it sends them', async () => {
    const client = await connect();
    await expect(client.log({ ...entry(0), component: 'x'.repeat(300) })).rejects.toMatchObject({
      code: 'CODI_ENTRY_INVALID',
    });
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    await expect(client.log({ ...entry(0), metadata: cycle })).rejects.toMatchObject({
      code: 'CODI_TOO_DEEP',
    });
    const many = { list: Array.from({ length: 10_001 }, () => 0) };
    await expect(client.log({ ...entry(0), metadata: many })).rejects.toMatchObject({
      code: 'CODI_TOO_MANY_VALUES',
    });
    const large = { text: 'x'.repeat(1024 * 1024) };
    await expect(client.log({ ...entry(0), metadata: large })).rejects.toMatchObject({
      code: 'CODI_FRAME_TOO_LARGE',
    });
    const late = { ...entry(0), timestamp: 'tomorrow' };
    await expect(client.log(late)).rejects.toMatchObject({ code: 'CODI_ENTRY_INVALID' });
    const noText: unknown = { ...entry(0), timestamp: new Date() };
    for (const wrong of [noText, null, undefined, 'text', {}]) {
      await expect(client.log(wrong as never)).rejects.toMatchObject({
        code: 'CODI_ENTRY_INVALID',
      });
    }
    const trap = { get it() { throw new Error('no'); } }; // prettier-ignore
    await expect(client.log({ ...entry(0), metadata: trap })).rejects.toMatchObject({
      code: 'CODI_ENTRY_INVALID',
    });
    expect(world.daemon.of('LogBatch')).toHaveLength(0);
  });

  it('writes metadata as it was at the time of the call', async () => {
    const client = await connect();
    const metadata = { step: 1, at: new Date(0), nested: { list: [1] } };
    const done = client.log({ ...entry(0), metadata });
    metadata.step = 2;
    metadata.nested.list.push(2);
    await done;
    expect(world.daemon.stored[0]?.metadata).toEqual({
      step: 1,
      at: '1970-01-01T00:00:00.000Z',
      nested: { list: [1] },
    });
  });

  it('refuses at once what goes beyond its bounds, and takes more when there is room', async () => {
    world.daemon.script = ({ kind }) => (kind.startsWith('Log') ? 'silence' : undefined);
    const client = await connect({ windowCount: 2, backlogCount: 4 });
    const first = Array.from({ length: 4 }, (_, index) => client.log(entry(index)));
    await expect(client.log(entry(4))).rejects.toMatchObject({ code: 'CODI_OVERLOADED' });
    expect(first).toHaveLength(4);
  });

  it('answers a request with the body of its answer and throws what the daemon refused', async () => {
    world.daemon.answers['Sync'] = () => ({
      kind: 'Synced',
      body: { roots: 1, events: 2, duration_ms: 3 },
    });
    const client = await connect();
    expect(await client.request('Sync', {})).toMatchObject({ roots: 1, events: 2 });
    await expect(client.request('ListWatches', {})).rejects.toMatchObject({
      code: 'CODI_MESSAGE_UNKNOWN',
    });
  });

  it('refuses a request that no daemon would take, and goes on', async () => {
    world.daemon.answers['Sync'] = () => ({
      kind: 'Synced',
      body: { roots: 0, events: 0, duration_ms: 0 },
    });
    const client = await connect();
    const filter = { text: 'x'.repeat(2 ** 21) };
    await expect(client.query(filter)).rejects.toMatchObject({ code: 'CODI_FRAME_TOO_LARGE' });
    expect(await client.request('Sync', {})).toMatchObject({ roots: 0 });
  });

  it('gives up a request after its time', async () => {
    world.daemon.script = ({ kind }) => (kind === 'Health' ? 'silence' : undefined);
    const client = await connect();
    await expect(client.request('Health', {}, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'CODI_TIMEOUT',
    });
  });

  it('fails open requests when the connection goes, and connects again for the next', async () => {
    world.daemon.script = ({ kind }) => (kind === 'Health' ? 'hang up' : undefined);
    world.daemon.answers['Sync'] = () => ({
      kind: 'Synced',
      body: { roots: 0, events: 0, duration_ms: 0 },
    });
    const client = await connect();
    const losses: string[] = [];
    client.onDisconnect((error) => losses.push(error.code));
    await expect(client.request('Health', {})).rejects.toMatchObject({
      code: 'CODI_CONNECTION_LOST',
    });
    expect(await client.request('Sync', {})).toMatchObject({ roots: 0 });
    expect(losses).toEqual(['CODI_CONNECTION_LOST']);
  });

  it('follows rows until it is stopped', async () => {
    const client = await connect();
    const seen: unknown[] = [];
    const follow = client.follow({ streams: ['logs'] }, ({ rows }) => seen.push(...rows));
    await expect.poll(() => world.daemon.of('Follow').length).toBe(1);
    const row = {
      id: 1,
      timestamp: '2026-01-01T00:00:00Z',
      level: 'Info',
      component: 'a',
      message: 'b',
      metadata: { x: 1 },
    };
    for (const connection of world.daemon.connections) {
      const request_id = world.daemon.of('Follow')[0]?.id;
      connection.send('LogResults', { request_id, entries: [row], total_count: 1 });
    }
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]).toMatchObject({ message: 'b', metadata: { x: 1 } });
    follow.stop();
    expect(await follow.ended).toBeUndefined();
    await expect.poll(() => world.daemon.of('Unfollow').length).toBe(1);
    expect(world.daemon.of('Unfollow')[0]?.body.request_id).toBe(world.daemon.of('Follow')[0]?.id);
  });

  it('ends a subscription with the reason when its connection is lost', async () => {
    const client = await connect();
    const follow = client.follow({ streams: ['events'] }, () => undefined);
    await expect.poll(() => world.daemon.of('Follow').length).toBe(1);
    world.daemon.hangUp();
    expect(await follow.ended).toMatchObject({ code: 'CODI_CONNECTION_LOST' });
  });

  it('brings the last entries home before it closes', async () => {
    const client = await connect();
    for (let index = 0; index < 600; index++) void client.log(entry(index));
    await client.close();
    expect(world.daemon.stored).toHaveLength(600);
    await expect(client.log(entry(0))).rejects.toMatchObject({ code: 'CODI_CONNECTION_LOST' });
  });

  it('lets everybody wait who closes it while it closes', async () => {
    const client = await connect();
    for (let index = 0; index < 600; index++) void client.log(entry(index));
    void client.close();
    await client.close();
    expect(world.daemon.stored).toHaveLength(600);
  });

  it('ends no program that logs behind its end and does not look', async () => {
    const client = await connect();
    await client.close();
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    void client.log(entry(0));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('leaves no question waiting that was asked just before it was aborted', async () => {
    const client = await connect({ requestTimeoutMs: 60_000 });
    const asked = client.request('Health', {});
    client.abort(new CodiError('CODI_SHUTTING_DOWN'));
    await expect(asked).rejects.toMatchObject({ code: 'CODI_SHUTTING_DOWN' });
  });

  it('names the path it tried when nobody is there', async () => {
    await world.daemon.crash();
    await expect(connect({ retry: { attempts: 2, minMs: 1 } })).rejects.toMatchObject({
      code: 'CODI_UNREACHABLE',
      details: { path: world.daemon.socketPath, reason: 'no such file' },
    });
  });

  it('reports a daemon that refuses the hello', async () => {
    world.daemon.script = ({ kind }) =>
      kind === 'Hello'
        ? { kind: 'Error', body: { code: 'CODI_VERSION', message: 'no', retryable: false } }
        : undefined;
    await expect(connect()).rejects.toMatchObject({ code: 'CODI_VERSION' });
  });
});
