import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeDaemon } from '../../support/fake-daemon.ts';
import { runInProcess } from '../../support/cli-harness.ts';
import type { CliSurroundings } from '../../support/cli-harness.ts';

const logRow = (id: number, extra: object = {}) => ({
  id,
  timestamp: `2026-03-10T14:00:${String(id % 60).padStart(2, '0')}Z`,
  level: 'Warn',
  component: 'release',
  message: `deploy ${id}`,
  session_id: null,
  metadata: { user: 42 },
  ...extra,
});
const eventRow = (seq: number, extra: object = {}) => ({
  seq,
  time: `2026-03-10T14:00:${String(seq % 60).padStart(2, '0')}.5Z`,
  root: '/home/ana/shop',
  path: `src/file-${seq}.ts`,
  event: 'create',
  kind: 'file',
  size: 1200,
  seen: 'native',
  ...extra,
});
describe('commands that write and read entries and events', () => {
  let daemon: FakeDaemon;

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
  });

  afterEach(() => daemon.stop());

  const codi = (line: string[], around: CliSurroundings = {}) =>
    runInProcess(line, { socketPath: daemon.socketPath, ...around });

  it('log writes the entry of the story and says so', async () => {
    const line = ['log', 'deploy done', '--level', 'info', '--component', 'release'];
    const run = await codi([
      ...line,
      '--meta',
      'user=42',
      '--meta',
      'zip=007',
      '--meta',
      'ok=true',
    ]);
    expect(run).toMatchObject({ exitCode: 0, out: 'recorded\n', notes: '' });
    expect(daemon.stored[0]).toMatchObject({
      level: 'Info',
      component: 'release',
      message: 'deploy done',
      metadata: { user: 42, zip: '007', ok: true },
    });
  });

  it('log takes the session from the flag or the environment, and prints JSON when asked', async () => {
    const env = { SESSION_ID: 's-env' };
    const first = await codi(['log', 'a', '--json'], { env });
    expect(daemon.of('Hello')[0]?.body.session_id).toBe('s-env');
    expect(first.json()[0]).toMatchObject({ level: 'info', message: 'a', session_id: 's-env' });
    await codi(['log', 'b', '--session', 's-flag', '-q'], { env });
    expect(daemon.stored[1]?.session_id).toBe('s-flag');
  });

  it('log reads its text from standard input', async () => {
    const run = await codi(['log', '-', '-q'], { stdin: 'line 1\nline 2\n' });
    expect(run.out).toBe('');
    expect(daemon.stored[0]?.message).toBe('line 1\nline 2');
  });

  it('log refuses a wrong level with exit code 2 and a suggestion', async () => {
    const run = await codi(['log', 'x', '--level', 'wran']);
    expect(run.exitCode).toBe(2);
    expect(run.notes).toContain('did you mean warn?');
  });

  it('query sends the filter and prints rows as JSON Lines', async () => {
    daemon.servePages('QueryLogs', 'LogResults', 'entries', [logRow(1), logRow(2)]);
    const run = await codi(['query', '--level', 'warn', '--text', 'deploy', '--json']);
    expect(daemon.of('QueryLogs')[0]?.body.filter).toMatchObject({ level: 'Warn', text: 'deploy' });
    expect(run.json()).toEqual([
      {
        id: 1,
        time: '2026-03-10T14:00:01Z',
        level: 'warn',
        component: 'release',
        message: 'deploy 1',
        metadata: { user: 42 },
      },
      expect.objectContaining({ id: 2 }),
    ]);
  });

  it('query pages through everything, and shows the newest from old to new with a limit', async () => {
    daemon.servePages(
      'QueryLogs',
      'LogResults',
      'entries',
      Array.from({ length: 2500 }, (_, index) => logRow(index + 1)),
    );
    const all = await codi(['query', '--json']);
    expect(all.json().map((row) => row['id'])).toEqual(
      Array.from({ length: 2500 }, (_, i) => i + 1),
    );
    const some = await codi(['query', '--json', '--limit', '3']);
    expect(some.json().map((row) => row['id'])).toEqual([2498, 2499, 2500]);
    const newest = await codi(['query', '--json', '--limit', '2', '--order', 'newest']);
    expect(newest.json().map((row) => row['id'])).toEqual([2500, 2499]);
  });

  it('query prints lines without colour on a pipe and says when there is nothing', async () => {
    daemon.servePages('QueryLogs', 'LogResults', 'entries', [
      logRow(1, { message: 'evil \u001b[31m\n', session_id: 'alice' }),
    ]);
    const run = await codi(['query']);
    expect(run.out).toMatch(/warn {4}release {3}evil \\e\[31m\\n {2}user=42 {2}alice\n$/);
    daemon.servePages('QueryLogs', 'LogResults', 'entries', []);
    expect(await codi(['query'])).toMatchObject({ exitCode: 0, out: '', notes: 'no entries\n' });
  });

  it('a failed read is an error and never an empty list', async () => {
    daemon.answers['QueryLogs'] = () => ({
      kind: 'Error',
      body: { code: 'CODI_STORAGE_UNAVAILABLE', message: 'locked', retryable: true, hint: 'wait' },
    });
    const run = await codi(['query', '--json']);
    expect(run).toMatchObject({ exitCode: 75, out: '' });
    expect(JSON.parse(run.notes)).toEqual({
      error: { code: 'CODI_STORAGE_UNAVAILABLE', message: 'locked', hint: 'wait', retryable: true },
    });
  });

  it('events sends times, folders and kinds, and prints the rows', async () => {
    daemon.servePages('QueryEvents', 'EventResults', 'events', [
      eventRow(1),
      eventRow(2, { event: 'move', from: 'notes.md', path: 'docs/notes.md' }),
      eventRow(3, { event: 'update', path: 'src/file-1.ts', size: 1412 }),
    ]);
    const nowMs = () => Date.parse('2026-03-10T15:00:00Z');
    const line = ['events', '--since', '5m', '--root', '../shop', '--event', 'create'];
    const run = await codi(line, { cwd: '/home/ana/x', nowMs });
    expect(daemon.of('QueryEvents')[0]?.body.filter).toMatchObject({
      since: '2026-03-10T14:55:00.000Z',
      root: '/home/ana/shop',
      events: ['create'],
    });
    expect(run.out).toContain('create  src/file-1.ts                      1.2 kB');
    expect(run.out).toContain('move    notes.md → docs/notes.md');
    expect(run.out).toContain('(+212 B)');
  });

  it('tail shows log entries and file events by time', async () => {
    daemon.servePages('QueryLogs', 'LogResults', 'entries', [logRow(1), logRow(3)]);
    daemon.servePages('QueryEvents', 'EventResults', 'events', [eventRow(1), eventRow(2)]);
    const run = await codi(['tail', '-n', '3', '--json']);
    expect(run.json().map((row) => row['id'] ?? `event ${row['seq']}`)).toEqual([
      'event 1',
      'event 2',
      3,
    ]);
  });
});
