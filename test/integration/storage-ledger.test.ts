import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FromLedger } from '#codi/workers/storage/ledger.messages.js';
import { acknowledgments, ledgerFixture } from '../support/ledger-fixture.ts';
import { fileEvent } from '../support/ledger-store.ts';
import {
  bodyOf,
  context,
  decodeAnswers,
  unpackAnswers,
  entriesMessage,
  logEntry,
} from '../support/ledger-thread.ts';

const { start, rows } = ledgerFixture();
const LINE = { level: 'Info', component: 'c', message: 'm' };
const messages = () => rows<{ message: string }>('SELECT message FROM logs ORDER BY id');

describe('the ledger thread', () => {
  it('answers every entry once it is committed, per connection and in order', async () => {
    const thread = await start();
    const one = context({ connection: 1 });
    const two = context({ connection: 2, format: 'json', tenantId: 't', userId: 'u' });
    const ids = [randomUUID(), randomUUID(), randomUUID()] as const;
    const received = await thread.settle(
      entriesMessage(1, [
        [one, bodyOf(logEntry('first', { metadata: { user: 42 } }), ids[0])],
        [two, bodyOf(logEntry('second'), ids[1], 'json')],
        [one, bodyOf(logEntry('third'), ids[2])],
      ]),
    );
    const [committed] = received;
    if (committed?.type !== 'committed') throw new Error('not committed');
    expect(committed).toMatchObject({
      batches: [1],
      block: 0,
      logs: { first: 1, last: 3, count: 3 },
      files: null,
      acts: null,
      duplicates: 0,
      rejected: {},
    });
    const pages = unpackAnswers(committed.answers);
    const forOne = decodeAnswers(pages.filter(({ connection }) => connection === 1));
    expect(forOne.map(({ message }) => message.payload.body)).toMatchObject([
      { request_id: ids[0], status: 'Accepted' },
      { request_id: ids[2], status: 'Accepted' },
    ]);
    expect(new Set(forOne.map(({ message }) => message.id)).size).toBe(2);
    const forTwo = pages.find(({ connection }) => connection === 2)!;
    expect(decodeAnswers([forTwo], 'json')).toHaveLength(1);
    expect(rows('SELECT * FROM logs_v1 WHERE id < 3')).toMatchObject([
      { message: 'first', metadata: '{"user":42}', level: 'Info', synced: 0, tenant_id: null },
      {
        message: 'second',
        tenant_id: 't',
        user_id: 'u',
        timestamp: '2023-11-14T22:13:20.000000005Z',
      },
    ]);
  });

  it('commits what waits as a group, within the limit of a group', async () => {
    const thread = await start({ groupBytes: 2_000 });
    const owner = context();
    const work = Array.from({ length: 40 }, (_, at) =>
      entriesMessage(at, [[owner, bodyOf(logEntry('x'.repeat(400)))]]),
    );
    const received = await thread.settle(...work);
    const groups = received.filter((message) => message.type === 'committed');
    const sizes = groups.map(({ batches }) => batches.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(40);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
    expect(rows('SELECT count(*) AS blocks FROM blocks')).toEqual([{ blocks: groups.length }]);
  });

  it('takes what it has taken before as a duplicate, by id, also after reopening', async () => {
    let thread = await start();
    const owner = context();
    const body = bodyOf(logEntry('once'));
    const twice = entriesMessage(1, [
      [owner, body],
      [owner, body],
    ]);
    expect(acknowledgments(await thread.settle(twice))).toHaveLength(2);
    expect(await thread.stop()).toBe(0);
    thread = await start();
    const again = await thread.settle(entriesMessage(2, [[owner, body]]));
    expect(again).toMatchObject([{ type: 'committed', block: null, logs: null, duplicates: 1 }]);
    expect(acknowledgments(again)).toMatchObject([{ status: 'Accepted' }]);
    expect(messages()).toEqual([{ message: 'once' }]);
  });

  it('takes sequences without a gap and says what it expects', async () => {
    const thread = await start();
    const owner = context({ producerId: 'p' });
    const send = async (batch: number, ...sequences: number[]) => {
      const frames = sequences.map(
        (sequence) => [owner, bodyOf(logEntry(`entry ${sequence}`, { sequence }))] as const,
      );
      return acknowledgments(await thread.settle(entriesMessage(batch, frames)));
    };
    expect(await send(1, 1, 2, 2, 4)).toMatchObject([
      { status: 'Accepted' },
      { status: 'Accepted' },
      { status: 'Accepted' },
      { status: { Rejected: expect.any(String) }, code: 'CODI_SEQUENCE_GAP', expected_sequence: 3 },
    ]);
    expect(await send(2, 1, 3, 4)).toMatchObject(Array(3).fill({ status: 'Accepted' }));
    expect(await send(3, 0)).toMatchObject([{ code: 'CODI_ENTRY_INVALID' }]);
    expect(messages().map(({ message }) => message)).toEqual([1, 2, 3, 4].map((n) => `entry ${n}`));
    expect(rows('SELECT producer_id, sequence FROM producers')).toEqual([
      { producer_id: 'p', sequence: 4 },
    ]);
  });

  it('keeps the good entries of a batch and counts the bad ones as sent', async () => {
    const thread = await start();
    const owner = context({ producerId: 'p', format: 'json' });
    const good = { level: 'Info', component: 'c', message: 'good' };
    const bad = { level: 'Loud', component: 'c', message: 'bad' };
    const raw = (payload: unknown) =>
      Buffer.from(JSON.stringify({ id: randomUUID(), timestamp: '2025-01-01T00:00:00Z', payload }));
    const batch = raw({ LogBatch: { entries: [good, bad, good], first_sequence: 1 } });
    const answers = acknowledgments(
      await thread.settle(entriesMessage(1, [[owner, batch]])),
      'json',
    );
    expect(answers).toMatchObject([
      { status: 'Accepted', rejected: [{ index: 1, code: 'CODI_ENTRY_INVALID' }] },
    ]);
    const single = raw({ LogEntry: { ...bad, sequence: 4 } });
    const after = raw({ LogEntry: { ...good, sequence: 5 } });
    const overlap = raw({ LogBatch: { entries: [good, good], first_sequence: 5 } });
    const frames = [single, after, overlap].map((body) => [owner, body] as const);
    const rest = acknowledgments(await thread.settle(entriesMessage(2, frames)), 'json');
    expect(rest).toMatchObject([
      { status: { Rejected: expect.any(String) }, code: 'CODI_ENTRY_INVALID' },
      { status: 'Accepted' },
      { status: 'Accepted' },
    ]);
    expect(messages()).toHaveLength(4);
    expect(rows('SELECT sequence FROM producers')).toEqual([{ sequence: 6 }]);
  });

  it('answers garbage with an error and goes on', async () => {
    const thread = await start();
    const owner = context();
    const received = await thread.settle(
      entriesMessage(1, [
        [owner, Buffer.from([0xc1, 0xff, 0x00])],
        [owner, bodyOf(logEntry('fine'))],
      ]),
    );
    const kinds = received.flatMap((message) =>
      'answers' in message
        ? decodeAnswers(unpackAnswers(message.answers)).map((one) => one.message.payload.kind)
        : [],
    );
    expect(kinds).toEqual(['Error', 'Acknowledgment']);
    expect(messages()).toEqual([{ message: 'fine' }]);
  });

  it('counts what it turns away by the reason', async () => {
    const thread = await start();
    const owner = context({ format: 'json' });
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    const frame = (body: object) =>
      [owner, Buffer.from(JSON.stringify({ LogEntry: { ...LINE, ...body } }))] as const;
    const bodies = [
      {},
      { metadata: nested(40) },
      { level: 'Loud' },
      { metadata: nested(99) },
      { metadata: Array(20_000).fill(0) },
    ];
    const received = await thread.settle(entriesMessage(1, bodies.map(frame)));
    expect(received).toMatchObject([
      {
        logs: { count: 1 },
        rejected: { CODI_TOO_DEEP: 2, CODI_TOO_MANY_VALUES: 1, CODI_ENTRY_INVALID: 1 },
      },
    ]);
  });

  it('refuses untried while it is held, does upkeep, and uses only the pages it has while it may not grow', async () => {
    const thread = await start();
    const owner = context();
    const send = (batch: number, bytes: number) =>
      thread.settle(entriesMessage(batch, [[owner, bodyOf(logEntry('x'.repeat(bytes)))]]));
    await send(1, 100_000);
    thread.post({ type: 'room', room: 'none' });
    const refused = await send(2, 10);
    expect(refused).toMatchObject([{ type: 'refused', batches: [2], code: 'CODI_DISK_FULL' }]);
    expect(acknowledgments(refused)).toMatchObject([
      { code: 'CODI_DISK_FULL', retry_after_ms: expect.any(Number) },
    ]);
    thread.post({ type: 'upkeep', id: 7, command: { type: 'restartLog', isShrinking: true } });
    expect(await thread.next('upkeep')).toMatchObject({ id: 7, ok: true });
    thread.post({ type: 'room', room: 'inside' });
    expect(await send(3, 10)).toMatchObject([{ type: 'committed' }]);
    expect(await send(4, 100_000)).toMatchObject([{ type: 'refused', code: 'CODI_DISK_FULL' }]);
    thread.post({ type: 'room', room: 'open' });
    expect(await send(5, 100_000)).toMatchObject([{ type: 'committed' }]);
    expect(messages().map(({ message }) => message.length)).toEqual([100_000, 10, 100_000]);
  });

  it('rejects what does not fit on a full disk, keeps nothing of it, and recovers by itself', async () => {
    const thread = await start({ maxPageCount: 60 });
    const owner = context({ producerId: 'p' });
    let sequence = 0;
    let refused: FromLedger[] = [];
    let isFull = false;
    while (!isFull) {
      const frames = Array.from({ length: 20 }, () => {
        sequence += 1;
        return [owner, bodyOf(logEntry('x'.repeat(500), { sequence }))] as const;
      });
      refused = await thread.settle(entriesMessage(sequence, frames));
      isFull = refused.some(({ type }) => type === 'refused');
    }
    expect(refused).toMatchObject([{ type: 'refused', code: 'CODI_DISK_FULL' }]);
    const answers = acknowledgments(refused);
    expect(answers).toHaveLength(20);
    for (const answer of answers) {
      expect(answer).toMatchObject({ code: 'CODI_DISK_FULL', retry_after_ms: expect.any(Number) });
    }
    expect(messages()).toHaveLength(sequence - 20);
    const root = '/root' as BytePath;
    const events = Array.from({ length: 200 }, (_, at) =>
      fileEvent('create', `${'f'.repeat(200)}${at}`),
    );
    const work = {
      type: 'fileEvents',
      batch: 9_000,
      rootId: 1,
      rootPath: root,
      sequence: 1,
      events,
    } as const;
    const [opened] = await thread.settle({ type: 'openRoot', batch: 8_000, rootPath: root });
    if (opened?.type !== 'refused') {
      expect(await thread.settle(work)).toMatchObject([{ type: 'refused', batches: [9_000] }]);
    }
    // A new thread without the limit stands for the disk that has room again.
    expect(await thread.stop()).toBe(0);
    const roomy = await start();
    const again = await roomy.settle(
      entriesMessage(1, [[owner, bodyOf(logEntry('again', { sequence: sequence - 19 }))]]),
    );
    expect(acknowledgments(again)).toMatchObject([{ status: 'Accepted' }]);
  });

  it('stores an act once, in the block of its commit, however often it is given', async () => {
    const thread = await start({ tenantId: 't' });
    const act = {
      id: Buffer.alloc(16, 1),
      seconds: 1_700_000_000,
      nanos: 5,
      kind: 'debug.kill',
      subject: 'core/storage/ledger-writer',
      actor: 'ana',
      data: '{"reason":"drill"}',
    };
    const [committed] = await thread.settle({ type: 'acts', batch: 1, acts: [act, act] });
    expect(committed).toMatchObject({ batches: [1], block: 0, acts: { first: 1, last: 1 } });
    const [again] = await thread.settle({ type: 'acts', batch: 2, acts: [act] });
    expect(again).toMatchObject({ batches: [2], block: null, acts: null });
    expect(rows('SELECT kind, subject, actor, data, tenant_id FROM acts')).toEqual([
      {
        kind: 'debug.kill',
        subject: 'core/storage/ledger-writer',
        actor: 'ana',
        data: '{"reason":"drill"}',
        tenant_id: 't',
      },
    ]);
    expect(rows('SELECT stream, first, last FROM block_ranges')).toEqual([
      { stream: 5, first: 1, last: 1 },
    ]);
    expect(await thread.stop()).toBe(0);
    const reopened = await start();
    expect(await reopened.settle({ type: 'acts', batch: 3, acts: [act] })).toMatchObject([
      { block: null },
    ]);
  });
});
