import { CodiError } from '#codi/protocol/errors.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spoolLine, spoolName, SpoolsWorld } from '../../../support/spools-world.ts';

let world: SpoolsWorld;
beforeEach(() => {
  world = new SpoolsWorld();
});
afterEach(() => world.close());

const put = (name: string, ...lines: string[]) =>
  world.folder.files.set(name, Buffer.from(lines.join('')));
const lines = (first: number, last: number, more: object = {}) =>
  Array.from({ length: last - first + 1 }, (_, index) => spoolLine(first + index, more));
const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `m${first + index}`);
const full = () => new CodiError('CODI_DISK_FULL');
const reasons = (name: string) =>
  (world.folder.aside.get(name) ?? []).map(({ line, reason }) => [line, reason]);

test('Files are ingested in order, then they are gone, and it is said.', async () => {
  put(spoolName(1, 2), ...lines(11, 12));
  put(spoolName(1, 1), ...lines(1, 10));
  put(spoolName(2), spoolLine(1, { producer_id: 'q' }, { message: 'other' }));
  await world.start();
  expect(world.messages().filter((message) => message !== 'other')).toEqual(numbers(1, 12));
  expect(world.messages()).toContain('other');
  expect([...world.folder.files.keys()]).toEqual([]);
  expect(world.desk.summary()).toEqual({ files: 0, bytes: 0, rejected_files: 0 });
  expect(world.log.events.filter(({ name }) => name === 'SpoolIngested')).toHaveLength(3);
  expect(world.folder.openReaders).toBe(0);
});

test('What the ledger has already is not stored again, and its file goes.', async () => {
  put(spoolName(1), ...lines(1, 3));
  await world.start();
  put(spoolName(1, 2), ...lines(2, 5));
  await world.actors.advance(2_000);
  expect(world.messages()).toEqual(numbers(1, 5));
  expect(world.folder.files.size).toBe(0);
});

test('An entry keeps its time, session, tenant and user; the daemon’s own stand where it has none.', async () => {
  put(
    spoolName(1),
    spoolLine(1, { tenant_id: 't', user_id: 'u' }, { session_id: 's', metadata: { a: 1 } }),
    spoolLine(2),
  );
  await world.start();
  expect(world.rows()).toMatchObject([
    { tenant_id: 't', user_id: 'u', session_id: 's', metadata: '{"a":1}', nanos: 6 },
    { tenant_id: 'home', user_id: null, session_id: null, metadata: null },
  ]);
});

test('Lines that cannot be ingested are kept aside with their numbers, and the others are taken.', async () => {
  put(
    spoolName(1),
    spoolLine(1),
    'not json\n',
    '\n',
    spoolLine(2, {}, { level: 'Loud' }),
    spoolLine(3, { id: 'x' }),
    '{"producer_id":"p"}\n',
    spoolLine(4),
    '{"producer_id":"p","id"',
  );
  await world.start();
  expect(world.messages()).toEqual(['m1', 'm4']);
  expect(reasons(spoolName(1))).toEqual([
    [2, 'it is no JSON'],
    [5, 'id must be a UUID'],
    [6, 'it has none of LogEntry, SessionStart, SessionEnd'],
    [8, 'the file ends in the middle of it'],
    [4, expect.stringContaining('level must be one of')],
  ]);
  expect(world.folder.files.size).toBe(0);
  expect(world.log.events.filter(({ name }) => name === 'SpoolLineRejected')).toHaveLength(5);
});

test('A last line that only lacks its end is whole.', async () => {
  put(spoolName(1), spoolLine(1), spoolLine(2).trimEnd());
  await world.start();
  expect(world.messages()).toEqual(['m1', 'm2']);
  expect(reasons(spoolName(1))).toEqual([]);
});

test('Entries behind a hole are taken, and how many are missing is said.', async () => {
  put(spoolName(1), ...lines(1, 2), ...lines(20_005, 20_008));
  await world.start();
  expect(world.messages()).toEqual([...numbers(1, 2), ...numbers(20_005, 20_008)]);
  expect(world.log.events).toContainEqual({
    name: 'SpoolHoleClosed',
    file: spoolName(1),
    count: 20_002,
  });
});

test('Lines that overtook each other are all taken, in the order of their numbers.', async () => {
  const order = [2, 1, 3, 6, 5, 4, 7, 9, 8, 10];
  put(spoolName(1), ...order.map((sequence) => spoolLine(sequence)));
  await world.start();
  expect(world.messages()).toEqual(numbers(1, 10));
  expect(world.folder.aside.size).toBe(0);
});

test('A line whose number was passed over is kept aside, and not taken for a repetition.', async () => {
  put(spoolName(1), ...lines(1, 2), ...lines(5, 20), spoolLine(3), spoolLine(20), spoolLine(21));
  await world.start();
  expect(world.messages()).toEqual([...numbers(1, 2), ...numbers(5, 21)]);
  expect(reasons(spoolName(1))).toEqual([[19, expect.stringContaining('too late')]]);
});

test('A sequence that no writer can have reached is kept aside and holds nothing up.', async () => {
  put(spoolName(1), spoolLine(1), spoolLine(2 ** 52), spoolLine(2), spoolLine(3));
  await world.start();
  expect(world.messages()).toEqual(numbers(1, 3));
  expect(reasons(spoolName(1))).toEqual([[2, expect.stringContaining('too far behind')]]);
});

test('What is refused for a while goes again in order, with everything behind it.', async () => {
  put(spoolName(1), ...lines(1, 12));
  world.refusals = [undefined, full(), full()];
  await world.start();
  expect(world.folder.files.size).toBe(1);
  await world.actors.advance(1_000);
  expect(world.messages()).toEqual(numbers(1, 12));
  expect(world.folder.files.size).toBe(0);
  expect(world.log.names()).not.toContain('SpoolHoleClosed');
});

test('A queue that is full or under pressure is waited for.', async () => {
  put(spoolName(1), ...lines(1, 3));
  world.isFull = true;
  await world.start();
  await world.actors.advance(1_000);
  expect(world.messages()).toEqual([]);
  world.isFull = false;
  world.isPressing = true;
  await world.actors.advance(1_000);
  expect(world.messages()).toEqual(['m1']);
  world.drain();
  await world.actors.advance(1_000);
  expect(world.messages()).toEqual(numbers(1, 3));
});

test('A line larger than the queue is kept aside, because it would wait for ever.', async () => {
  put(spoolName(1), spoolLine(1, {}, { message: 'x'.repeat(100_000) }), spoolLine(2));
  await world.start();
  expect(world.messages()).toEqual(['m2']);
  expect(reasons(spoolName(1))).toEqual([[1, expect.stringContaining('over the limit')]]);
});

test('A file that cannot be read holds up those behind it and nobody else, and is tried again.', async () => {
  put(spoolName(1, 1), ...lines(1, 2));
  put(spoolName(1, 2), ...lines(3, 4));
  put(spoolName(2), spoolLine(1, { producer_id: 'q' }, { message: 'other' }));
  world.folder.before = (call, name) => {
    if (call === 'open' && name === spoolName(1, 1))
      throw Object.assign(new Error('EIO: it failed'), { code: 'EIO' });
  };
  await world.start();
  expect(world.messages()).toEqual(['other']);
  expect(world.log.events).toContainEqual({
    name: 'SpoolFileFailed',
    file: spoolName(1, 1),
    reason: 'EIO: it failed',
  });
  expect(world.desk.summary()?.files).toBe(2);
  await world.actors.advance(10_000);
  expect(world.log.events.filter(({ name }) => name === 'SpoolFileFailed')).toHaveLength(1);
  world.folder.before = () => undefined;
  await world.actors.advance(2_000);
  expect(world.messages()).toEqual(['other', ...numbers(1, 4)]);
});

test('A file goes only when its rejected lines are kept, and they are kept once.', async () => {
  put(spoolName(1), 'bad\n', ...lines(1, 2));
  let failures = ['aside', 'finish'];
  world.folder.before = (call) => {
    if (!failures.includes(call)) return;
    failures = failures.filter((other) => other !== call);
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  await world.start();
  expect(world.folder.files.size).toBe(1);
  await world.actors.advance(2_000);
  expect(world.folder.files.size).toBe(1);
  await world.actors.advance(2_000);
  expect(world.folder.files.size).toBe(0);
  expect(world.folder.aside.get(spoolName(1))).toHaveLength(1);
  expect(world.messages()).toEqual(numbers(1, 2));
});

test('An incarnation that is killed in the middle leaves the file to the next one, which doubles nothing.', async () => {
  put(spoolName(1), ...lines(1, 12));
  world.refusals = [undefined, full(), full(), full(), full(), full()];
  await world.start();
  expect(world.messages().length).toBeGreaterThan(0);
  expect(world.messages().length).toBeLessThan(12);
  await world.actors.kill('spools');
  await world.actors.advance(5_000);
  expect(world.messages()).toEqual(numbers(1, 12));
  expect(world.folder).toMatchObject({ openReaders: 0 });
});

test('It stops in the middle of a drain, and the file stays.', async () => {
  put(spoolName(1), ...lines(1, 12));
  world.refusals = Array.from({ length: 1_000 }, full);
  await world.start();
  await world.actors.during(world.actors.system.stop());
  expect(world.folder.files.size).toBe(1);
  expect(world.folder.openReaders).toBe(0);
  expect(world.actors.exits('spools')).toEqual(['shutdown']);
});

test('Sessions are told in their place, with their time, under their own ids.', async () => {
  const head = (id: string, more: object = {}) => ({
    producer_id: 'p',
    id,
    timestamp: '2026-01-02T03:04:05Z',
    ...more,
  });
  const id = (last: number) => `00000000-0000-4000-8000-0000000000a${last}`;
  const start = { session_id: 's', identity: 'ana', agent_type: null, metadata: null };
  put(
    spoolName(1),
    `${JSON.stringify({ ...head(id(1), { user_id: 'u' }), SessionStart: start })}\n`,
    spoolLine(1),
    `${JSON.stringify({ ...head(id(2)), SessionEnd: { session_id: 's' } })}\n`,
    `${JSON.stringify({ ...head(id(3)), SessionEnd: { session_id: 'unknown' } })}\n`,
    `${JSON.stringify({ ...head(id(4)), SessionEnd: {} })}\n`,
  );
  world.sessionFailures = [];
  await world.start();
  const at = { seconds: Date.UTC(2026, 0, 2, 3, 4, 5) / 1_000, nanos: 0 };
  expect(world.told).toEqual([
    { start: 's', user: 'u', id: id(1), at },
    { end: 's', id: id(2), at },
    { end: 'unknown', id: id(3), at },
  ]);
  expect(reasons(spoolName(1))).toEqual([[5, expect.stringContaining('session_id')]]);
});

test('A session that is refused is kept aside; one that cannot be told now is told later.', async () => {
  const body = { session_id: 's', identity: 'ana' };
  const line = { producer_id: 'p', timestamp: '2026-01-02T03:04:05Z', SessionStart: body };
  const id = '00000000-0000-4000-8000-0000000000a1';
  put(spoolName(1), `${JSON.stringify({ ...line, id })}\n`);
  put(spoolName(2), `${JSON.stringify({ ...line, id })}\n`);
  world.sessionFailures = [
    new CodiError('CODI_SESSION_ENDED', { sessionId: 's' }),
    new CodiError('CODI_TRY_AGAIN', { reason: 'r' }),
    // Its beginning may be in another file that is being read.
    new CodiError('CODI_SESSION_UNKNOWN', { sessionId: 's' }),
  ];
  await world.start();
  await world.actors.advance(1_000);
  expect(world.told).toHaveLength(1);
  expect(world.folder.aside.size).toBe(1);
});

test('What is no spool file is left alone and complained of once; a folder that is not private, too.', async () => {
  world.folder.foreign = ['passwd'];
  world.folder.problem = 'others may look into it';
  await world.start();
  await world.actors.advance(10_000);
  const failures = world.log.events.filter(({ name }) => name === 'SpoolFileFailed');
  expect(failures).toHaveLength(2);
  expect(world.desk.problem).toBe('others may look into it');
});
