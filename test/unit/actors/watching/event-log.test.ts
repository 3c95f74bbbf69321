import { beforeEach, expect, test } from 'vitest';
import { jsonLine, seqOfLine, textLine } from '#codi/actors/watching/event-lines.js';
import { eventLogSpec } from '#codi/actors/watching/event-log.actor.js';
import type { LineSink } from '#codi/actors/watching/event-log-ports.js';
import type { EventRow } from '#codi/protocol/messages.js';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';

const row = (seq: number, more: Partial<EventRow> = {}): EventRow => ({
  ...{ seq, time: '2026-11-26T14:02:11.120Z', root: '/w', path: 'a', event: 'update' },
  ...{ kind: 'file', size: 3, seen: 'native', ...more },
});

/** Takes half of what it is given, then fails, as often as it is told to. */
class FakeSink implements LineSink {
  readonly name = 'fake';
  text = '';
  failures = 0;
  opened: number | undefined = undefined;
  isClosed = false;
  #lines: Uint8Array | undefined;
  #from = 0;

  open(): Promise<number | undefined> {
    return Promise.resolve(this.opened);
  }

  write(lines: Uint8Array): Promise<void> {
    if (lines !== this.#lines) this.#from = 0;
    this.#lines = lines;
    const to = this.failures > 0 ? Math.floor((this.#from + lines.length) / 2) : lines.length;
    this.text += Buffer.from(lines.subarray(this.#from, to)).toString();
    this.#from = to;
    if (this.failures === 0) return Promise.resolve();
    this.failures -= 1;
    return Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

let world: ActorWorld;
let log: TelemetryLog;
let sink: FakeSink;
let head: number;
let tell: () => void;
beforeEach(() => {
  log = rememberTelemetry();
  sink = new FakeSink();
  head = 0;
});

async function start(isFile = true): Promise<void> {
  world = await ActorWorld.start([
    eventLogSpec({
      logs: [{ sink, lineOf: (each) => `${each.seq}\n`, isFile }],
      readEvents: (afterSeq, limit) => {
        const count = Math.min(limit, head - afterSeq);
        return Promise.resolve(
          Array.from({ length: count }, (_, index) => row(afterSeq + index + 1)),
        );
      },
      feed: {
        head: () => ({ events: head }),
        subscribe: (listener) => {
          tell = listener;
          return () => undefined;
        },
      },
      telemetry: log.telemetry,
    }),
  ]);
}

async function commit(through: number): Promise<void> {
  head = through;
  tell();
  await world.settle();
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');

test('What is committed is written once and in order, in pages.', async () => {
  sink.opened = 0;
  head = 1_200;
  await start();
  expect(sink.text).toBe(lines(1, 1_200));
  await commit(1_203);
  expect(sink.text).toBe(lines(1, 1_203));
});

test('A log goes on behind its last line, a new file begins with the newest event, a pipe with the next.', async () => {
  sink.opened = 7;
  head = 9;
  await start();
  expect(sink.text).toBe(lines(8, 9));
  sink = new FakeSink();
  await start();
  expect(sink.text).toBe(lines(9, 9));
  sink = new FakeSink();
  await start(false);
  await commit(10);
  expect(sink.text).toBe(lines(10, 10));
});

test('A log that cannot be written to waits, says so, and goes on without a line twice or missing.', async () => {
  sink.opened = 0;
  sink.failures = 6;
  await start();
  await commit(3);
  await commit(4);
  await world.advance(20_000);
  expect(sink.text).toBe(lines(1, 4));
  expect(log.events).toEqual([{ name: 'EventLogWaits', log: 'fake', reason: 'no space' }]);
});

test('A log that is ahead of the ledger, which was set back, goes on with what is new.', async () => {
  sink.opened = 100;
  head = 5;
  await start();
  await commit(6);
  expect(sink.text).toBe(lines(6, 6));
});

test('It ends while a log cannot be written to.', async () => {
  sink.opened = 0;
  sink.failures = 1_000;
  await start();
  await commit(3);
  await world.during(world.system.stop());
  expect(sink.isClosed).toBe(true);
});

test('Lines of both kinds say their number, and hold no control characters.', () => {
  const odd = row(12, { path: 'a\nb\u001b[31m', from: 'c', event: 'move', checksum: null });
  expect(textLine(odd)).toBe(
    '12  2026-11-26T14:02:11.120Z  move       /w/c → /w/a\\u000ab\\u001b[31m  3 B\n',
  );
  expect(JSON.parse(jsonLine(odd))).not.toHaveProperty('checksum');
  for (const line of [textLine(odd), jsonLine(odd)]) expect(seqOfLine(line.trimEnd())).toBe(12);
  expect(seqOfLine('something else')).toBeUndefined();
});
