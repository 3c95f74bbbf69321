import { beforeEach, expect, test } from 'vitest';
import type { ContentPorts } from '#codi/actors/watching/content/content-ports.js';
import { RootContent } from '#codi/actors/watching/content/root-content.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexRow } from '#codi/protocol/file-event.js';
import { unpackEvents, type FileEvents } from '#codi/protocol/packed-events.js';
import type { HashInput, HashOutcome, HashResult } from '#codi/workers/hashing/hashing.messages.js';
import { rememberTelemetry, type TelemetryLog } from '../../../../support/actor-world.ts';
import { fileEvent, stat } from '../../../../support/ledger-store.ts';
import { VirtualClock } from '../../../../support/virtual-environment.ts';

interface Task extends HashInput {
  kind: 'atOnce' | 'later';
  answer(outcomes?: Partial<HashOutcome>[] | 'away'): Promise<void>;
}

const CHECKSUM = Buffer.alloc(32, 1);
const LARGE = 5_000;
let clock: VirtualClock;
let tasks: Task[];
/** What went to the ledger, in order: `3: create a ✓`, and `+: attrib a ✓` of what came later. */
let recorded: string[];
let commits: (() => void)[];
let index: IndexRow[];
let owed: number;
let log: TelemetryLog;
let content: RootContent;

const note = (batch: string, events: FileEvents) => {
  for (const { event, path, checksum } of unpackEvents(events))
    recorded.push(`${batch}: ${event} ${path}${checksum ? ' ✓' : ''}`);
};
const reasons = () =>
  log.events.filter(({ name }) => name === 'ChecksumPutOff').map((one) => one['reason']);
const paths = (task: Task | undefined) => task?.files.map((each) => each.path);
const later = () => tasks.filter(({ kind }) => kind === 'later');

function ask(kind: Task['kind'], input: HashInput): Promise<HashResult | undefined> {
  return new Promise((resolve) => {
    const whole = (outcomes: Partial<HashOutcome>[]): HashResult => ({
      outcomes: input.files.map(({ stat: { size } }, at) => ({
        bytes: size,
        ...(outcomes[at] ?? { checksum: CHECKSUM }),
      })),
      durationMs: 1,
    });
    const answer = (outcomes: Partial<HashOutcome>[] | 'away' = []) => {
      resolve(outcomes === 'away' ? undefined : whole(outcomes));
      return clock.settle();
    };
    tasks.push({ ...input, kind, answer });
  });
}

function newContent(): RootContent {
  const scope = {
    after: (delayMs: number, callback: () => void) => {
      const timer = clock.setTimeout(callback, delayMs);
      return () => clock.clearTimeout(timer);
    },
    wrap: (callback: unknown) => callback,
    signal: new AbortController().signal,
  };
  const ports: ContentPorts = {
    root: '/desk' as BytePath,
    shown: '/desk',
    settings: {
      ...{ atOnceBytes: 1_000, waitMs: 250, maxBytes: 100_000 },
      ...{ intervalMs: 10_000, rateBytes: 1_000_000, owedMax: 100 },
    },
    reader: { atOnce: (input) => ask('atOnce', input), later: (input) => ask('later', input) },
    cell: { scope: scope as never, clock },
    telemetry: log.telemetry,
    record: (batch, events) => note(`${batch}`, events),
    recordChecksums: (events, onCommitted) => {
      note('+', events);
      commits.push(onCommitted);
    },
    loadIndex: async (after, limit) =>
      index.filter(({ path }) => after === undefined || path > after).slice(0, limit),
    onOwed: (count) => (owed = count),
  };
  return new RootContent(ports);
}

async function settled(): Promise<void> {
  content.settled();
  await clock.settle();
}

beforeEach(() => {
  clock = new VirtualClock();
  tasks = [];
  recorded = [];
  commits = [];
  index = [];
  owed = 0;
  log = rememberTelemetry();
  content = newContent();
});

const file = (name: string, size = 10): FileEventRecord =>
  fileEvent('create', name, { stat: stat({ size }), size });
const row = (name: string, more: Partial<IndexRow> = {}): IndexRow => ({
  path: name as BytePath,
  kind: 'file',
  stat: stat(),
  ...more,
});

test('A batch waits for its files, and those behind it wait with it.', async () => {
  await settled();
  content.take(1, [file('a'), fileEvent('delete', 'x'), file('b')]);
  content.take(2, [fileEvent('delete', 'y')]);
  expect(recorded).toEqual([]);
  expect(content.isEmpty).toBe(false);
  expect(tasks.map(paths)).toEqual([['a', 'b']]);
  await tasks[0]!.answer([{ checksum: CHECKSUM }, { unread: 'changed' }]);
  expect(recorded).toEqual(['1: create a ✓', '1: delete x', '1: create b', '2: delete y']);
  expect(content.isEmpty).toBe(true);
  expect(reasons()).toEqual(['changed']);
});

test('What has nothing to be read goes on at once, and of several events of a path only the last is read.', async () => {
  await settled();
  content.take(1, [fileEvent('delete', 'a'), fileEvent('attrib', 'b'), fileEvent('move', 'c')]);
  expect(recorded).toHaveLength(3);
  content.take(2, [file('a'), fileEvent('update', 'a'), file('b'), fileEvent('delete', 'b')]);
  expect(tasks.map(paths)).toEqual([['a']]);
  await tasks[0]!.answer();
  expect(recorded.slice(3)).toEqual(['2: create a', '2: update a ✓', '2: create b', '2: delete b']);
});

test('The wait is bounded: without an answer changes go on, and their files are read later.', async () => {
  await settled();
  content.take(1, [file('a')]);
  await clock.advance(200);
  content.take(2, [file('b')]);
  await clock.advance(150);
  expect(recorded).toEqual(['1: create a', '2: create b']);
  // As long as the thread does not come back no change waits for it.
  content.take(3, [file('c')]);
  expect(recorded).toHaveLength(3);
  await tasks[0]!.answer();
  content.take(4, [file('d')]);
  expect(tasks.filter(({ kind }) => kind === 'atOnce').map(paths)).toEqual([['a'], ['d']]);
});

test('Before the first look is recorded nothing waits; then all without a checksum is read.', async () => {
  index = [row('a'), row('dir', { kind: 'dir' }), row('b', { checksum: CHECKSUM }), row('c')];
  content.take(1, [file('a')]);
  expect(recorded).toEqual(['1: create a']);
  await settled();
  await clock.advance(1);
  expect(tasks.map(paths)).toEqual([['a', 'c']]);
  expect(owed).toBe(2);
  expect(tasks[0]).toMatchObject({ kind: 'later', rateBytes: 1_000_000 });
  await tasks[0]!.answer();
  expect(recorded.slice(1)).toEqual(['+: attrib a ✓', '+: attrib c ✓']);
  // They are owed until they are recorded.
  commits[0]!();
  expect(owed).toBe(0);
});

test('A large file is read when it is quiet, and at most once in the interval.', async () => {
  await settled();
  content.take(1, [file('log', LARGE)]);
  expect(recorded).toEqual(['1: create log']);
  await clock.advance(999);
  content.take(2, [fileEvent('update', 'log', { stat: stat({ size: LARGE + 1 }) })]);
  await clock.advance(999);
  expect(later()).toEqual([]);
  await clock.advance(1);
  expect(later().map(paths)).toEqual([['log']]);
  await later()[0]!.answer();
  commits[0]!();
  // It grows on: each change is recorded, and it is read again when the interval is over.
  for (let n = 0; n < 95; n++) {
    content.take(3 + n, [fileEvent('update', 'log', { stat: stat({ size: LARGE + 2 + n }) })]);
    await clock.advance(100);
  }
  expect(later()).toHaveLength(1);
  expect(reasons().slice(0, 3)).toEqual(['large', 'large', 'growing']);
  await clock.advance(1_000);
  expect(later()).toHaveLength(2);
  expect(recorded.filter((line) => line.includes('update log'))).toHaveLength(96);
});

test('A small file that changes all the time is read until that is too much, and then once in the interval.', async () => {
  await settled();
  for (let n = 1; n <= 20; n++) {
    content.take(n, [fileEvent('update', 'a', { stat: stat({ size: 400 }) })]);
    await tasks.findLast(({ kind }) => kind === 'atOnce')?.answer();
  }
  expect(tasks.filter(({ kind }) => kind === 'atOnce')).toHaveLength(2);
  expect(reasons()).toEqual(Array.from({ length: 18 }, () => 'growing'));
  await clock.advance(10_000);
  expect(later().map(paths)).toEqual([['a']]);
});

test('A file above the limit is not read; its change says nothing of its content.', async () => {
  await settled();
  content.take(1, [file('huge', 100_001)]);
  await clock.advance(60_000);
  expect(tasks).toEqual([]);
  expect(reasons()).toEqual(['tooLarge']);
});

test('What is owed follows the file: changed, moved, deleted.', async () => {
  await settled();
  content.take(1, [file('a', LARGE), file('b', LARGE), file('c', LARGE), file('dir/d', LARGE)]);
  const from = (name: string) => ({ from: name as BytePath });
  content.take(2, [
    fileEvent('move', 'moved', from('a')),
    fileEvent('delete', 'b'),
    fileEvent('attrib', 'c', { stat: stat({ size: LARGE, mode: 0o100600 }) }),
    fileEvent('move', 'other', { ...from('dir'), kind: 'dir' }),
  ]);
  await clock.advance(1_000);
  expect(
    later()
      .flatMap((task) => paths(task)!)
      .toSorted(),
  ).toEqual(['moved', 'other/d']);
  await later()[0]!.answer();
  commits[0]!();
  await clock.advance(1_000);
  expect(later().at(-1)!.files).toMatchObject([{ path: 'c', stat: { mode: 0o100600 } }]);
});

test('An answer for a file that changed meanwhile says nothing.', async () => {
  index = [row('a')];
  await settled();
  await clock.advance(1);
  content.take(1, [fileEvent('attrib', 'a', { stat: stat({ mode: 1 }) })]);
  await later()[0]!.answer();
  expect(recorded).toEqual(['1: attrib a']);
  await clock.advance(1);
  expect(later()).toHaveLength(2);
});

test('Files that cannot be read are given up, until something happens to them.', async () => {
  index = [row('a')];
  await settled();
  await clock.advance(1);
  await later()[0]!.answer([{ unread: 'unreadable' }]);
  await clock.advance(3_600_000);
  content.take(1, [fileEvent('attrib', 'a', { stat: stat({ mode: 1 }) })]);
  await clock.advance(1);
  expect(later()).toHaveLength(2);
});

test('When nobody reads, it is tried again; nothing is lost by it.', async () => {
  index = [row('a')];
  await settled();
  await clock.advance(1);
  await later()[0]!.answer('away');
  content.take(1, [file('b')]);
  await tasks.at(-1)!.answer('away');
  expect(recorded).toEqual(['1: create b']);
  await clock.advance(1_000);
  expect(paths(later().at(-1))).toEqual(['a', 'b']);
});

test('More files than may wait are found again in the index.', async () => {
  await settled();
  const names = Array.from({ length: 150 }, (_, n) => `f${1_000 + n}`);
  content.take(
    1,
    names.map((name) => file(name, LARGE)),
  );
  expect(owed).toBe(100);
  expect(reasons().filter((reason) => reason === 'noRoom')).toHaveLength(50);
  const done = new Set<string>();
  for (let round = 0; round < 20 && done.size < 150; round++) {
    index = names.filter((name) => !done.has(name)).map((name) => row(name));
    await clock.advance(1_000);
    const task = later().at(-1)!;
    for (const path of paths(task)!) done.add(path);
    await task.answer();
    commits.at(-1)!();
  }
  expect(done.size).toBe(150);
});

test('Released, everything goes on as it is, and what was under way is forgotten.', async () => {
  index = [row('x')];
  await settled();
  await clock.advance(1);
  content.take(1, [file('a')]);
  content.take(2, [file('b')]);
  content.release();
  expect(recorded).toEqual(['1: create a', '2: create b']);
  expect(owed).toBe(0);
  for (const task of tasks) await task.answer();
  expect(recorded).toHaveLength(2);
  await clock.advance(60_000);
  expect(tasks).toHaveLength(2);
});
