import { IngestBuffer } from '#codi/actors/storage/ingest-buffer.js';
import { ledgerWriterSpec } from '#codi/actors/storage/ledger-writer.actor.js';
import { WriterRoom } from '#codi/actors/storage/writer-room.js';
import { RequestBook } from '#codi/actors/storage/request-book.js';
import type { ConnectionAnswers } from '#codi/workers/storage/ledger.messages.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';
import { LedgerDisk, LedgerThread } from '../../../support/fake-ledger.ts';
import { entryBody, frameOf } from '../../../support/fake-socket.ts';
import { virtualEnvironment } from '../../../support/virtual-environment.ts';
import { newHealingDesk } from '../../../support/healing.ts';
import { connectionContext } from '../../../support/ingest.ts';

const ROOT = bytePathFromUtf8('/desk');
const CONTEXT = connectionContext(1);

let world: ActorWorld;
let buffer: IngestBuffer;
let disk: LedgerDisk;
let threads: LedgerThread[];
let room: WriterRoom;
let answers: ConnectionAnswers[];
let facts: unknown[];
let log: TelemetryLog;
let canOpen: boolean;

beforeEach(async () => {
  buffer = new IngestBuffer({
    limitBytes: 1_000_000,
    limitFrames: 1_000,
    connectionBytes: 1_000_000,
    batchBytes: 1_000,
    inFlightBytes: 10_000,
    inFlightCount: 8,
  });
  disk = new LedgerDisk();
  threads = [];
  room = new WriterRoom();
  canOpen = true;
  answers = [];
  facts = [];
  log = rememberTelemetry();
  const environment = virtualEnvironment({
    onSpawn: (host) => {
      const thread = new LedgerThread(host, disk);
      threads.push(thread);
      environment.clock.setImmediate(() => {
        if (canOpen) thread.ready();
        else host.emit({ type: 'sys.startFailed', code: 'CODI_DISK_FULL', message: 'no space' });
      });
    },
  });
  const writer = ledgerWriterSpec(
    new URL('file:///ledger.js'),
    { dataDir: '/data' },
    {
      buffer,
      upkeep: new RequestBook(1),
      room,
      assertInPlace: () => undefined,
      onEnd: () => undefined,
      healing: newHealingDesk(),
      onRefused: () => undefined,
      telemetry: log.telemetry,
      deliver: (answer) => void answers.push(answer),
      onCommitted: (fact) => void facts.push(fact.logs?.count ?? 0),
      onHead: (head) => void facts.push(head),
    },
  );
  world = await ActorWorld.start([writer], environment);
});

const thread = () => threads.at(-1)!;
const offer = (text: string) =>
  buffer.offerFrame(CONTEXT, frameOf('LogEntry', entryBody(text)).subarray(4));
const state = () => world.node('ledger-writer')?.state;
const stored = () => disk.entries.map(({ text }) => text);

test('What many clients send in one turn goes to the thread as one group.', async () => {
  for (const text of ['a', 'b', 'c']) offer(text);
  expect(thread().queue).toHaveLength(0);
  await world.settle();
  expect(thread().queue).toHaveLength(1);
  expect(state()).toBe('committing');
});

test('Answers are delivered, and the fact told, after the commit and not before.', async () => {
  offer('a');
  await world.settle();
  expect(answers).toEqual([]);
  thread().commit();
  await world.settle();
  expect(answers).toMatchObject([{ connection: 1, count: 1 }]);
  expect(facts).toMatchObject([{ logs: 0 }, 1]);
  expect([buffer.isEmpty, state()]).toEqual([true, 'idle']);
});

test('The next thread gets everything again that has no answer, and answers it once.', async () => {
  offer('a');
  await world.settle();
  thread().commit(1, false);
  offer('b');
  await world.settle();
  thread().die();
  await world.advance(1_000);
  expect(threads).toHaveLength(2);
  expect(log.events).toContainEqual({ name: 'EntriesReplayed', count: 2 });
  thread().commit();
  await world.settle();
  expect(answers.map(({ count }) => count)).toEqual([2]);
  expect([stored(), disk.duplicates]).toEqual([['a', 'b'], 1]);
});

test('Entries that come while it restarts wait for it.', async () => {
  thread().die();
  await world.settle();
  offer('meanwhile');
  await world.advance(1_000);
  thread().commit();
  expect(stored()).toEqual(['meanwhile']);
});

test('What a thread says after its writer was replaced is not heard.', async () => {
  const [first] = threads;
  offer('a');
  await world.settle();
  const work = [...first!.queue];
  await world.kill('ledger-writer');
  for (const message of disk.commit(work)) first!.host.emit(message);
  await world.settle();
  expect([answers.length, buffer.frames]).toEqual([0, 1]);
  thread().commit();
  await world.settle();
  expect([answers.length, buffer.frames, stored()]).toEqual([1, 0, ['a']]);
});

test('After a refusal it waits as long as the disk says, whatever is committed meanwhile.', async () => {
  let isCommitted = false;
  const onCommitted = () => (isCommitted = true);
  buffer.offerFileEvents({ rootId: 9, rootPath: ROOT, sequence: 1, events: [], onCommitted });
  offer('a');
  offer('b'.repeat(990));
  await world.settle();
  thread().refuse(1, 500);
  await world.settle();
  expect([state(), log.names().includes('StorageRefused')]).toEqual(['refusing', true]);
  thread().commit();
  await world.advance(499);
  expect(thread().queue).toEqual([]);
  await world.advance(2);
  expect(thread().queue).toMatchObject([{ type: 'fileEvents', sequence: 1 }]);
  disk.roots.set(ROOT, { rootId: 9, sequence: 0, events: [] });
  thread().commit();
  await world.settle();
  expect([isCommitted, state()]).toEqual([true, 'idle']);
});

test('A root is opened through the thread.', async () => {
  const seen: unknown[] = [];
  buffer.openRoot(ROOT, ({ rootId }) => seen.push(rootId));
  await world.settle();
  thread().commit();
  expect(seen).toEqual([1]);
});

test('A fatal failure of the thread crashes the writer, which is restarted.', async () => {
  thread().host.emit({ type: 'fatal', code: 'CODI_STORE_CORRUPT', message: 'a bad page' });
  await world.advance(1_000);
  expect(world.exits('ledger-writer')).toEqual(['crash']);
  expect(world.node('ledger-writer')?.lastExit?.reason).toContain('a bad page');
  expect(threads).toHaveLength(2);
});

test('A thread that cannot open its file is tried again, ever more slowly, for ever.', async () => {
  canOpen = false;
  thread().die();
  await world.advance(120_000);
  expect(threads.length).toBeGreaterThan(10);
  expect(threads.length).toBeLessThan(60);
  canOpen = true;
  await world.advance(10_000);
  expect(state()).toBe('idle');
});

test('Stopping waits for what was taken, then lets the thread close the file.', async () => {
  offer('a');
  await world.settle();
  offer('b'.repeat(900));
  const stopping = world.system.stop();
  await world.settle();
  expect(thread().isStopping).toBe(false);
  thread().commit();
  await world.settle();
  expect([thread().isStopping, stored().length]).toEqual([true, 2]);
  thread().finish();
  await world.settle();
  await expect(stopping).resolves.toMatchObject({ unstopped: [] });
});

test('Stopping does not wait for a disk that refuses.', async () => {
  const ignore = () => undefined;
  buffer.offerFileEvents({
    rootId: 1,
    rootPath: ROOT,
    sequence: 1,
    events: [],
    onCommitted: ignore,
  });
  await world.settle();
  const stopping = world.system.stop();
  await world.settle();
  thread().refuse(1, 60_000);
  await world.settle();
  expect(thread().isStopping).toBe(true);
  offer('too late');
  await world.settle();
  expect(thread().queue).toEqual([]);
  thread().finish();
  await world.settle();
  await expect(stopping).resolves.toMatchObject({ unstopped: [] });
});

test('What it may use of the disk is told to its thread, and to the next one.', async () => {
  room.change('none');
  await world.settle();
  expect(thread().room).toBe('none');
  thread().die();
  await world.advance(1_000);
  expect([threads.length, thread().room]).toEqual([2, 'none']);
  room.change('inside');
  await world.settle();
  expect(thread().room).toBe('inside');
});

test('Once room was made, what was refused goes at once.', async () => {
  room.change('none');
  buffer.offerFileEvents({
    rootId: 9,
    rootPath: ROOT,
    sequence: 1,
    events: [],
    onCommitted: () => undefined,
  });
  await world.settle();
  thread().refuse(1, 60_000);
  await world.settle();
  expect(thread().queue).toEqual([]);
  room.change('open');
  await world.settle();
  expect(thread().queue).toMatchObject([{ type: 'fileEvents' }]);
});
