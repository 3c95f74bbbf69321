import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import type { ClientEvent, MonitorClientOptions } from '#codi/client/index.js';
import { nodeClientPorts } from '#codi/client/ports.js';
import { FakeDaemon, rejected } from '../../support/fake-daemon.ts';

describe('a client without a daemon', () => {
  let daemon: FakeDaemon;
  let home: string;
  const clients: MonitorClient[] = [];
  let events: ClientEvent[];

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
    home = mkdtempSync(join(tmpdir(), 'codi-standalone-'));
    events = [];
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.abort(new Error('end of test') as never);
    await daemon.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const spoolDir = () => join(home, 'spool');
  const options = (more: MonitorClientOptions = {}): MonitorClientOptions => ({
    socketPath: daemon.socketPath,
    spool: { directory: spoolDir(), fsync: 'never' },
    retry: { attempts: 2, minMs: 1, maxMs: 20 },
    onEvent: (event) => events.push(event),
    ...more,
  });
  const keep = (client: MonitorClient) => {
    clients.push(client);
    return client;
  };
  const connect = async (more?: MonitorClientOptions) =>
    keep(await MonitorClient.connect(options(more)));
  const entry = (index: number) => ({
    level: 'Info' as const,
    component: 'c',
    message: `entry ${index}`,
  });
  const expected = (count: number) => Array.from({ length: count }, (_, index) => `entry ${index}`);
  const messages = () => daemon.stored.map((row) => row.message);
  const logMany = (client: MonitorClient, from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, index) => client.log(entry(from + index))));
  const spooled = () =>
    readdirSync(spoolDir()).flatMap((name) =>
      readFileSync(join(spoolDir(), name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  const types = () => events.map(({ type }) => type);

  it('keeps entries in the spool as JSON lines, and says so', async () => {
    await daemon.crash();
    const client = await connect({ sessionId: 's', tenantId: 't', userId: 'u' });
    expect(client.mode).toBe('standalone');
    const [accepted] = await logMany(client, 0, 3);
    expect(accepted).toMatchObject({ place: 'spool', sequence: 1 });
    expect(client.counts).toEqual({ spooled: 3, dropped: 0 });
    expect(spooled()).toMatchObject([
      { LogEntry: { message: 'entry 0', session_id: 's', sequence: 1 }, tenant_id: 't' },
      { LogEntry: { message: 'entry 1', level: 'Info', component: 'c' }, user_id: 'u' },
      { LogEntry: { message: 'entry 2', sequence: 3 } },
    ]);
    expect(new Set(spooled().map((line) => line.producer_id)).size).toBe(1);
    expect(events).toMatchObject([{ type: 'standalone', directory: spoolDir() }]);
  });

  it('hands over what it spooled before anything newer, also to a daemon that cannot see the folder', async () => {
    await daemon.crash();
    const client = await connect({ spool: { directory: spoolDir(), fileBytes: 2_000 } });
    await logMany(client, 0, 100);
    await daemon.listen();
    const later: Promise<unknown>[] = [];
    await expect
      .poll(() => {
        later.push(client.log(entry(100 + later.length)));
        return client.mode;
      })
      .toBe('connected');
    await Promise.all(later);
    expect(messages()).toEqual(expected(100 + later.length));
    await client.close();
    expect(readdirSync(spoolDir())).toEqual([]);
    expect(types()).toEqual(['standalone', 'connected']);
  });

  it('takes to the spool what was under way, under its numbers, and doubles nothing', async () => {
    const client = await connect();
    await client.log(entry(0));
    daemon.script = ({ kind }, connection) => {
      if (!kind.startsWith('Log')) return undefined;
      // It is stored, and the answer is lost with the daemon.
      connection.send = () => undefined;
      return undefined;
    };
    const lost = logMany(client, 1, 10);
    await expect.poll(() => daemon.stored.length).toBe(10);
    await daemon.crash();
    expect(new Set((await lost).map(({ place }) => place))).toEqual(new Set(['spool']));
    expect(spooled()[0].LogEntry.sequence).toBe(2);
    daemon.script = () => undefined;
    await daemon.listen();
    await expect.poll(() => client.mode).toBe('connected');
    await client.log(entry(10));
    expect(messages()).toEqual(expected(11));
  });

  it('waits for what a daemon has taken from the folder, and goes on behind it', async () => {
    await daemon.crash();
    const client = await connect();
    await logMany(client, 0, 5);
    const [name] = readdirSync(spoolDir()) as [string];
    renameSync(join(spoolDir(), name), join(spoolDir(), `${name}.draining`));
    const taken = spooled();
    // In the next file, because the name of the first one is gone.
    await client.log(entry(5));
    expect(readdirSync(spoolDir())).toHaveLength(2);
    await daemon.listen();
    await expect.poll(() => daemon.of('Hello').length).toBeGreaterThan(2);
    expect([client.mode, messages()]).toEqual(['standalone', []]);
    const first = taken.slice(0, 5).map((line) => line.LogEntry);
    daemon.ingest(taken[0].producer_id, 1, first);
    await expect.poll(() => client.mode, { timeout: 10_000 }).toBe('connected');
    await client.log(entry(6));
    expect(messages()).toEqual(expected(7));
  }, 20_000);

  it('leaves the spool to others when a daemon never reads what it took, and goes on under another id', async () => {
    await daemon.crash();
    const ports = nodeClientPorts();
    const hurried = {
      ...ports,
      // Delays between attempts; deadlines stay what they are.
      setTimeout: (callback: () => void, delayMs: number) =>
        ports.setTimeout(callback, delayMs > 5_000 ? delayMs : Math.min(delayMs, 5)),
    };
    const client = await connect({ ports: hurried, connectTimeoutMs: 9_000 });
    await logMany(client, 0, 3);
    const [name] = readdirSync(spoolDir()) as [string];
    const [{ producer_id: producer }] = spooled();
    renameSync(join(spoolDir(), name), join(spoolDir(), `${name}.draining`));
    await client.log(entry(3));
    await daemon.listen();
    await expect.poll(() => client.mode, { timeout: 20_000 }).toBe('connected');
    expect(types()).toContain('spool_left');
    expect((await client.log(entry(4))).place).toBe('ledger');
    expect(messages()).toEqual(['entry 4']);
    expect(daemon.stored[0]?.producerId).not.toBe(producer);
    // Entry 3 twice: in the file that was gone already, and in the next one.
    expect(spooled()).toHaveLength(5);
  }, 30_000);

  it('goes to the spool as well when a daemon takes nothing for longer than the deadline', async () => {
    const client = await connect({ deadlineMs: 50 });
    let isFull = true;
    daemon.script = ({ kind }) =>
      kind.startsWith('Log') && isFull
        ? rejected('CODI_DISK_FULL', { retry_after_ms: 5 })
        : undefined;
    const [accepted] = await logMany(client, 0, 3);
    expect(accepted?.place).toBe('spool');
    isFull = false;
    await expect.poll(() => messages(), { timeout: 10_000 }).toEqual(expected(3));
  }, 20_000);

  it('tells when the spool is full, drops after the deadline what does not fit, and counts it', async () => {
    await daemon.crash();
    const spool = { directory: spoolDir(), fsync: 'never', limitBytes: 500 } as const;
    const client = await connect({ spool, deadlineMs: 50 });
    const kept = await client.log(entry(0));
    expect(kept.place).toBe('spool');
    const answers = await Promise.allSettled([client.log(entry(1)), client.log(entry(2))]);
    expect(answers.map((answer) => answer.status)).toContain('rejected');
    await expect(client.flush()).rejects.toMatchObject({ code: 'CODI_SPOOL_FULL' });
    expect(types()).toContain('spool_refused');
    const dropped = events.flatMap((event) => (event.type === 'dropped' ? [event.count] : []));
    expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(client.counts.dropped);
    expect(client.counts.dropped).toBeGreaterThan(0);
    // The dropped ones leave no hole that later ones would wait behind.
    await daemon.listen();
    await expect.poll(() => client.mode, { timeout: 10_000 }).toBe('connected');
    await client.log(entry(3));
    expect(messages().at(-1)).toBe('entry 3');
  }, 20_000);

  it('reports an entry that nobody would take, and goes on behind it', async () => {
    await daemon.crash();
    const client = await connect();
    const metadata = { text: '\u0001'.repeat(100_000) };
    const answers = await Promise.allSettled([
      client.log(entry(0)),
      client.log({ ...entry(1), metadata }),
      client.log(entry(2)),
    ]);
    expect(answers).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'CODI_ENTRY_INVALID' } },
      { status: 'fulfilled' },
    ]);
    expect(client.counts.spooled).toBe(2);
    expect(spooled().map((line) => line.LogEntry.sequence)).toEqual([1, 2, 3]);
  });

  it('says when the folder cannot be used, and brings the entries to the daemon that comes', async () => {
    await daemon.crash();
    const client = await connect({ spool: { directory: '/dev/null/spool' } });
    const answer = client.log(entry(0));
    await expect.poll(() => types()).toContain('spool_refused');
    await daemon.listen();
    expect((await answer).place).toBe('ledger');
  });

  it('answers questions with the reason at once, and takes sessions', async () => {
    await daemon.crash();
    const client = await connect();
    await expect(client.query({})).rejects.toMatchObject({ code: 'CODI_UNREACHABLE' });
    const body = { session_id: 's', identity: 'ana' };
    expect(await client.send('SessionStart', body)).toBe('spool');
    expect(spooled()).toMatchObject([{ SessionStart: body }]);
    await daemon.listen();
    await expect.poll(() => client.mode).toBe('connected');
    // The daemon reads that file: its line is no entry.
    expect(spooled()).toHaveLength(1);
    daemon.answers['SessionEnd'] = () => ({ kind: 'Acknowledgment', body: { status: 'Accepted' } });
    expect(await client.send('SessionEnd', { session_id: 's' })).toBe('ledger');
  });

  it('spools a session under the id under which a daemon may have taken it', async () => {
    const client = await connect();
    daemon.script = ({ kind }) => (kind === 'SessionStart' ? 'hang up' : undefined);
    const body = { session_id: 's', identity: 'ana' };
    expect(await client.send('SessionStart', body)).toBe('spool');
    expect(spooled()[0].id).toBe(daemon.of('SessionStart')[0]?.id);
  });

  it('is there at once with open(), and goes where it can', async () => {
    const client = keep(MonitorClient.open(options()));
    const answer = client.log(entry(0));
    expect(client.mode).toBe('connecting');
    expect((await answer).place).toBe('ledger');
    await daemon.crash();
    const other = keep(MonitorClient.open(options()));
    expect((await other.log(entry(1))).place).toBe('spool');
  });

  it('closes with everything in the spool', async () => {
    await daemon.crash();
    const client = await connect();
    for (let index = 0; index < 500; index++) void client.log(entry(index));
    await client.close();
    expect(spooled()).toHaveLength(500);
    await expect(client.log(entry(0))).rejects.toMatchObject({ code: 'CODI_CONNECTION_LOST' });
  });

  it('has no spool where only a socket is named, and fails as it always did', async () => {
    await daemon.crash();
    const bare = { socketPath: daemon.socketPath, retry: { attempts: 1 } };
    await expect(MonitorClient.connect(bare)).rejects.toMatchObject({ code: 'CODI_UNREACHABLE' });
  });
});
