// Old logs come into the ledger once, whatever happens to the import on the way.
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { LogRow } from '#codi/protocol/messages.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { deadline } from '../support/deadline.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));
const place = newPlace();
let daemon: RunningDaemon;
let client: MonitorClient;
beforeAll(async () => {
  daemon = await startDaemon(place);
  client = await daemon.client();
});
afterAll(async () => {
  await client.close();
  await daemon.stop();
  place.remove();
});

interface Run {
  child: ChildProcess;
  ended: Promise<{ code: number | null; out: string; notes: string }>;
}

function codi(args: string[], input?: string | Buffer): Run {
  const child = spawn(process.execPath, [CLI, '--socket', place.socketPath, ...args], {
    cwd: place.home,
    env: { ...process.env, SESSION_ID: 'of-the-importer' },
  });
  let out = '';
  let notes = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (notes += text));
  child.stdin.end(input ?? '');
  const ended = new Promise<{ code: number | null; out: string; notes: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, out, notes })),
  );
  return { child, ended: deadline('the command to end', ended, 60_000) };
}

async function importing(file: string, ...options: string[]) {
  const { code, out, notes } = await codi(['--json', 'import', file, ...options]).ended;
  const [tally] = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, number>);
  return { code, notes, tally };
}

async function rows(component: string): Promise<LogRow[]> {
  const found: LogRow[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await client.request('QueryLogs', {
      filter: { component },
      limit: 10_000,
      order: 'oldest',
      ...(cursor && { cursor }),
    });
    found.push(...page.entries);
    cursor = page.next;
  } while (cursor);
  return found;
}

const stamp = (number: number) => new Date(1_750_000_000_000 + number).toISOString();
const line = (component: string, number: number, more: object = {}) =>
  `${JSON.stringify({ timestamp: stamp(number), level: 'info', component, message: `${number}`, ...more })}\n`;
const lines = (component: string, count: number) =>
  Array.from({ length: count }, (_, number) => line(component, number)).join('');

test('records keep their times, sessions, tenants and users, and lose no field', async () => {
  const records = [
    {
      time: '2025-06-15 14:00:00,250',
      severity: 'warning',
      logger: 'kinds',
      msg: 'slow',
      session: 'S-1',
      tenant_id: 'T',
      userId: 'U',
      extra: 1,
    },
    { ts: 1_750_000_000, level: 50, name: 'kinds', text: 'bad', meta: { big: 'x' } },
    { timestamp: stamp(3), from: 'alice', to: 'bob', body: 'look', session_id: 'S-2' },
    { timestamp: stamp(4), key: 'task/1', value: { done: true }, tenant_id: 'T', user_id: 'V' },
    {
      timestamp: stamp(5),
      tenant_id: 'T',
      user_id: 'U',
      session_id: 'S-1',
      event_type: { Move: { from: '/a', to: '/b' } },
      path: '/b',
      checksum: 'c0ffee',
      size: 12,
    },
  ];
  writeFileSync(
    join(place.home, 'kinds.log'),
    records.map((one) => `${JSON.stringify(one)}\n`).join(''),
  );
  const { code, tally } = await importing('kinds.log', '--split', 'sorted');
  expect(code).toBe(0);
  expect(tally).toMatchObject({
    imported: 5,
    kinds: { log: 2, message: 1, state: 1, file_event: 1 },
    unreadable: 0,
  });

  const [slow, bad] = await rows('kinds');
  expect(slow).toMatchObject({
    timestamp: '2025-06-15T14:00:00.250Z',
    level: 'Warn',
    message: 'slow',
    session_id: 'S-1',
    tenant_id: 'T',
    user_id: 'U',
    metadata: { extra: 1, severity: 'warning' },
  });
  expect(bad).toMatchObject({
    timestamp: '2025-06-15T15:06:40Z',
    level: 'Error',
    message: 'bad',
    metadata: { big: 'x' },
  });
  expect(bad!.session_id ?? null).toBeNull();
  expect(await rows('import.message')).toMatchObject([
    { message: 'look', session_id: 'S-2', metadata: records[2] },
  ]);
  expect(await rows('import.state')).toMatchObject([
    { tenant_id: 'T', user_id: 'V', metadata: records[3] },
  ]);
  expect(await rows('import.file_event')).toMatchObject([
    { message: 'move /a → /b', tenant_id: 'T', user_id: 'U', metadata: records[4] },
  ]);

  const sorted = (name: string) =>
    readFileSync(join(place.home, 'sorted', name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text) as object);
  expect(sorted('logs.jsonl')).toHaveLength(2);
  expect(sorted('messages.jsonl')).toMatchObject([{ from: 'alice', to: 'bob', body: 'look' }]);
  expect(sorted('state.jsonl')).toMatchObject([{ key: 'task/1', value: { done: true } }]);
  expect(sorted('file-events.jsonl')).toMatchObject([
    { event: 'move', path: '/b', from: '/a', checksum: 'c0ffee', size: 12 },
  ]);
  expect(sorted('unreadable.jsonl')).toEqual([]);
  expect(statSync(join(place.home, 'sorted', 'logs.jsonl')).mode & 0o777).toBe(0o600);
});

test('what cannot be read is reported with its line, and fails only when it is asked to', async () => {
  const damaged = `${line('damaged', 1)}not json at all\n${line('damaged', 2)}{"timestamp":"${stamp(3)}","level":"info","mess`;
  writeFileSync(join(place.home, 'damaged.log'), damaged);
  const dry = await importing('damaged.log', '--dry-run', '--strict', '--report', 'report.jsonl');
  expect(dry.code).toBe(6);
  expect(dry.tally).toMatchObject({
    imported: 0,
    unreadable: 2,
    unreadable_by_reason: { 'not-json': 1, torn: 1 },
  });
  const report = readFileSync(join(place.home, 'report.jsonl'), 'utf8').trim().split('\n');
  expect(report.map((text) => JSON.parse(text) as object)).toMatchObject([
    { file: 'damaged.log', line: 2, reason: 'not-json', text: 'not json at all' },
    { line: 4, reason: 'torn' },
  ]);
  expect(await rows('damaged')).toEqual([]);
  const shown = await codi(['import', 'damaged.log']).ended;
  expect(shown.code).toBe(0);
  expect(shown.notes).toContain('damaged.log:2: not JSON, 15 B: not json at all');
  expect(shown.out).toContain('2 imported');

  // Its writer came back.
  appendFileSync(join(place.home, 'damaged.log'), `age":"3","component":"damaged"}\n`);
  expect((await importing('damaged.log')).tally).toMatchObject({
    imported: 1,
    known: 2,
    unreadable: 1,
  });
});

test('a second run stores nothing twice, also compressed, renamed, grown or from a pipe', async () => {
  const path = join(place.home, 'twice.log');
  writeFileSync(path, lines('twice', 500) + line('twice', 7));
  expect((await importing('twice.log')).tally).toMatchObject({ imported: 500, duplicates: 1 });
  expect((await importing('twice.log')).tally).toMatchObject({ imported: 0, known: 500 });
  appendFileSync(path, line('twice', 500));
  writeFileSync(join(place.home, 'twice.log.1.gz'), gzipSync(readFileSync(path)));
  expect((await importing('twice.log.1.gz')).tally).toMatchObject({ imported: 1, known: 500 });
  const piped = await codi(['--json', 'import', '-'], readFileSync(path)).ended;
  expect(JSON.parse(piped.out)).toMatchObject({ imported: 0, known: 501 });
  expect((await rows('twice')).map(({ message }) => Number(message)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 501 }, (_, number) => number),
  );
});

test('of a damaged archive everything before the damage is imported, and the rest later', async () => {
  const packed = gzipSync(lines('packed', 2_000));
  writeFileSync(join(place.home, 'packed.gz'), packed.subarray(0, packed.length / 2));
  const cut = await importing('packed.gz');
  expect(cut.code).toBe(1);
  expect(cut.notes).toContain('CODI_IMPORT_DAMAGED');
  expect(cut.tally!['imported']).toBeGreaterThan(100);
  writeFileSync(join(place.home, 'packed.gz'), packed);
  const whole = await importing('packed.gz');
  expect(whole.tally!['imported']! + whole.tally!['known']!).toBe(2_000);
  expect(whole.tally!['known']).toBe(cut.tally!['imported']);
});

test('a log that was changed since is refused, and taken under another name', async () => {
  const path = join(place.home, 'changed.log');
  writeFileSync(path, lines('changed', 50));
  await importing('changed.log');
  writeFileSync(
    path,
    lines('changed', 50).replace('"message":"20"', '"message":"200"') + line('changed', 50),
  );
  const refused = await importing('changed.log');
  expect(refused.code).toBe(3);
  expect(refused.notes).toContain('CODI_IMPORT_CHANGED');
  writeFileSync(
    path,
    lines('changed', 20) +
      line('changed', 999) +
      lines('changed', 60).slice(lines('changed', 20).length),
  );
  expect((await importing('changed.log')).code).toBe(3);
  expect(await rows('changed')).toHaveLength(50);
  expect((await importing('changed.log', '--as', 'other')).tally).toMatchObject({ imported: 61 });
});

test('an import that is killed goes on where it was: nothing twice, nothing missing', async () => {
  const count = 12_000;
  const path = join(place.home, 'killed.log');
  const owner = (number: number) => ({ tenant_id: `T${number % 3}` });
  writeFileSync(
    path,
    Array.from({ length: count }, (_, number) => line('killed', number, owner(number))).join(''),
  );
  const newest = async () =>
    (await client.request('QueryLogs', { filter: {}, limit: 1 })).entries[0]?.id ?? 0;
  const rowsNow = async () => {
    const page = await client.request('QueryLogs', {
      filter: { after_id: 0, component: 'killed' },
      limit: 1,
      count: 'only',
    });
    return page.total_count;
  };
  expect(await newest()).toBeGreaterThan(0);
  let kills = 0;
  for (const part of [0.02, 0.3, 0.6]) {
    const run = codi(['--json', 'import', 'killed.log']);
    let isOver = false;
    void run.ended.then(() => (isOver = true));
    while (!isOver && (await rowsNow()) < count * part);
    if (run.child.kill('SIGKILL')) kills += 1;
    await run.ended;
  }
  const last = await importing('killed.log');
  expect(last.code).toBe(0);
  expect(last.tally!['imported']! + last.tally!['known']!).toBe(count);
  const stored = await rows('killed');
  expect(stored).toHaveLength(count);
  expect(new Set(stored.map(({ message }) => message)).size).toBe(count);
  expect(
    stored.every(({ message, tenant_id: tenant }) => tenant === owner(Number(message)).tenant_id),
  ).toBe(true);
  expect(kills).toBeGreaterThan(0);
}, 120_000);

test('an interrupted import says so and leaves nothing half', async () => {
  writeFileSync(join(place.home, 'long.log'), lines('long', 20_000));
  const run = codi(['import', 'long.log', '--split', 'long-split']);
  while ((await rows('long')).length === 0 && run.child.exitCode === null);
  run.child.kill('SIGINT');
  const { code, notes } = await run.ended;
  // On a fast machine it may have been done already.
  expect([0, 75]).toContain(code);
  if (code === 75) expect(notes).toContain('the same command goes on');
  expect(existsSync(join(place.home, 'long-split', 'logs.jsonl'))).toBe(true);
  expect((await importing('long.log')).code).toBe(0);
  expect(new Set((await rows('long')).map(({ message }) => message)).size).toBe(20_000);
  expect(await rows('long')).toHaveLength(20_000);
}, 120_000);

test('without a daemon it says how to start one', async () => {
  writeFileSync(join(place.home, 'alone.log'), line('alone', 1));
  const run = await codi(['--socket', join(place.home, 'none.sock'), 'import', 'alone.log']).ended;
  expect(run.code).toBe(69);
  expect(run.notes).toContain('codi daemon start');
});
