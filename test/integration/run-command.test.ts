// codi run with the real daemon and real processes: what a session says afterwards, and how it ends when something in
// it is killed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { SessionRow } from '#codi/protocol/messages.js';
import { runInProcess } from '../support/cli-harness.ts';
import { CODI_ENTRY, codiProcess } from '../support/codi-process.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { skipUnless } from '../support/skip.ts';

let place: DaemonPlace;
let work: string;
let daemon: RunningDaemon;
let client: MonitorClient;
let number = 0;
let id: string;

beforeAll(async () => {
  place = newPlace();
  work = join(place.home, 'shop');
  mkdirSync(work);
  await up();
});
afterAll(async () => {
  await client.close();
  await daemon.stop();
  place.remove();
});
beforeEach(() => {
  number += 1;
  id = `run-${number}`;
});

async function up(): Promise<void> {
  daemon = await startDaemon(place, [work], { env: { CODI_GENERAL_SESSION_TIMEOUT: '3s' } });
  client = await daemon.client();
}

function run(...args: string[]) {
  return codiProcess(place, ['run', '--id', id, ...args], { cwd: work });
}

async function sessionRow(sessionId = id): Promise<SessionRow | undefined> {
  const { sessions } = await client.request('ListSessions', { limit: 1, session_id: sessionId });
  return sessions[0];
}

/** The row of the session once it has ended. */
function ended(sessionId = id): Promise<SessionRow> {
  const look = async () => {
    for (;;) {
      const row = await sessionRow(sessionId);
      if (row?.ended_at != null) return row;
      await sleep(50);
    }
  };
  return deadline(`session ${sessionId} to end`, look(), 20_000);
}

/** Words of a timeline without what differs from run to run. */
function plain(text: string): string {
  return text
    .replaceAll(place.home, '/home/ana')
    .replaceAll(/\d\d:\d\d:\d\d/g, '14:02:11')
    .replaceAll(/\d\d:\d\d today/g, '14:02 today')
    .replaceAll(/lasted( +)[\d.]+ m?s/g, 'lasted$11.3 s')
    .trimEnd();
}

const SCRIPT = [
  'echo "building"',
  'mkdir src',
  'echo one > src/a.ts',
  'echo two >> src/a.ts',
  'echo "all day" > 2026-11-26-140211-EXPORT.txt',
  'exit 3',
].join('; ');

it('The timeline of a run is the one in docs/sessions.md.', async () => {
  id = 'ana-3f9c21ab';
  const program = run('--identity', 'ana', '--log', '--', 'bash', '-c', SCRIPT);
  expect(await program.ended).toEqual({ code: 3, signal: null });
  expect(program.out()).toBe('building\n');
  await client.request('Sync', {});
  const exported = async () => {
    const filter = { session_id: id };
    while ((await client.request('QueryExports', { filter, limit: 1 })).exports.length === 0)
      await sleep(50);
  };
  await deadline('the export', exported(), 20_000);
  const { out } = await runInProcess(['session', 'show', id], {
    socketPath: place.socketPath,
  });
  const [head = '', ...moments] = plain(out).split('\n\n');
  const doc = readFileSync(new URL('../../docs/sessions.md', import.meta.url), 'utf8');
  expect(doc).toContain(head);
  // Two of one moment may stand in either order.
  for (const line of moments.join('\n').split('\n')) expect(doc).toContain(line.trim());
  const entries = await client.query({ session_id: id });
  expect(entries.entries).toMatchObject([{ message: 'building', session_by: 'connection' }]);
  const { events } = await client.request('QueryEvents', { filter: { session_id: id }, limit: 50 });
  expect(new Set(events.map((row) => row.session_by))).toEqual(new Set(['path']));
});

it('A program gets its session, its daemon, its input and its exit code.', async () => {
  const program = run(
    '--',
    'bash',
    '-c',
    'read line; echo "$line $CODI_SESSION_ID $SESSION_ID $CODI_SOCKET"; exit 7',
  );
  program.child.stdin.end('hello\n');
  expect(await program.ended).toEqual({ code: 7, signal: null });
  expect(program.out()).toBe(`hello ${id} ${id} ${place.socketPath}\n`);
  expect(await sessionRow()).toMatchObject({ ended_by: 'run', exit_code: 7 });
});

it('A program that is killed ends its session with the signal, and codi run with 128 and its number.', async () => {
  const program = run('--', 'bash', '-c', 'echo up; kill -KILL $$');
  expect(await program.ended).toEqual({ code: 137, signal: null });
  expect(await sessionRow()).toMatchObject({ ended_by: 'run', exit_signal: 'SIGKILL' });
});

it('Signals go to the program, which says how it ends.', async () => {
  const program = run(
    '--',
    'bash',
    '-c',
    'trap "exit 42" TERM; echo up; while :; do sleep 0.05; done',
  );
  await program.says('up');
  program.child.kill('SIGTERM');
  expect(await program.ended).toEqual({ code: 42, signal: null });
  expect(await sessionRow()).toMatchObject({ ended_by: 'run', exit_code: 42 });
});

it('When codi run is killed, the session lives as long as its program, and ends with it.', async () => {
  const program = run('--', 'bash', '-c', 'echo up; exec sleep 3');
  await program.says('up');
  program.child.kill('SIGKILL');
  program.child.stdin.destroy();
  await sleep(1_000);
  expect((await sessionRow())?.ended_at ?? null).toBeNull();
  expect(await ended()).toMatchObject({ ended_by: 'process' });
});

it('When the daemon is killed in the middle, the next one knows the session, and its end.', async () => {
  const program = run('--', 'bash', '-c', 'echo up; read line; echo late > late.txt; exit 5');
  await program.says('up');
  await client.close();
  await daemon.kill();
  await up();
  program.child.stdin.end('go\n');
  expect(await program.ended).toEqual({ code: 5, signal: null });
  expect(await ended()).toMatchObject({ ended_by: 'run', exit_code: 5 });
});

it('Without a daemon the program runs all the same, and its session comes later.', async () => {
  await client.close();
  await daemon.stop();
  const program = run('--', 'bash', '-c', 'echo alone; exit 9');
  expect(await program.ended).toEqual({ code: 9, signal: null });
  expect(program.out()).toBe('alone\n');
  expect(program.notes()).toContain('the start of the session is in');
  await up();
  expect(await ended()).toMatchObject({ ended_by: 'run', exit_code: 9 });
});

it('A program that cannot be started is said as a shell says it, and its session ends so.', async () => {
  const missing = run('--', join(work, 'nothing-here'));
  expect(await missing.ended).toEqual({ code: 127, signal: null });
  expect(missing.notes()).toContain('CODI_RUN_NOT_FOUND');
  expect(await sessionRow()).toMatchObject({ ended_by: 'run', exit_code: 127 });
  const taken = run('--', 'true');
  expect(await taken.ended).toEqual({ code: 3, signal: null });
  expect(taken.notes()).toContain('CODI_SESSION_ENDED');
});

it('A session that nobody hears of any more is ended, one that is written to is not.', async () => {
  const start = { identity: 'ana', agent_type: null, metadata: null };
  const speaker = await daemon.client();
  await speaker.send('SessionStart', { session_id: 'quiet', ...start });
  await speaker.send('SessionStart', { session_id: 'written', ...start });
  await speaker.close();
  const write = async () => {
    for (let beat = 0; (await sessionRow('quiet'))?.ended_at == null; beat += 1) {
      const session_id = 'written';
      await client.log({ level: 'Info', component: 'test', message: `beat ${beat}`, session_id });
      await sleep(300);
    }
  };
  await deadline('the quiet session to end', write(), 20_000);
  expect(await sessionRow('quiet')).toMatchObject({ ended_by: 'timeout' });
  expect((await sessionRow('written'))?.ended_at ?? null).toBeNull();
  const other = await runInProcess(['session', 'end', 'written'], { socketPath: place.socketPath });
  expect(other.exitCode).toBe(0);
  const row = await sessionRow('written');
  expect(row).toMatchObject({ ended_by: 'client', ended_who: expect.stringContaining('socket') });
});

it('An id of control characters is shown harmless, and one that is too long is refused.', async () => {
  const hostile = `\u001b[31mred\n${id}`;
  const speaker = await daemon.client();
  await speaker.send('SessionStart', {
    session_id: hostile,
    identity: '\u0007bell',
    metadata: null,
  });
  await speaker.send('SessionEnd', { session_id: hostile });
  const tooLong = { session_id: 'x'.repeat(257), identity: 'ana', metadata: null };
  await expect(speaker.send('SessionStart', tooLong)).rejects.toThrow();
  await speaker.close();
  for (const args of [['ls'], ['show', hostile], ['show', 'no\u001bbody']]) {
    const shown = await runInProcess(['session', ...args], { socketPath: place.socketPath });
    expect(shown.out + shown.notes).not.toContain('\u001b[31mred');
    expect(shown.out + shown.notes).toMatch(/\\e/);
  }
});

it('What a session leaves says whose it is, and one within it says within which it is.', async () => {
  const inner = `${id}-inner`;
  const script = [
    'echo hello',
    'echo one > owned.txt',
    'echo all > 2026-11-26-150000-EXPORT.txt',
    `"${process.execPath}" "${CODI_ENTRY}" run --id ${inner} -- true`,
  ].join('; ');
  const under = ['env', 'CODI_TENANT_ID=acme', 'CODI_USER_ID=ana'];
  const args = ['run', '--id', id, '--log', '--', 'bash', '-c', script];
  const program = codiProcess(place, args, { cwd: work, under });
  expect(await program.ended, program.notes()).toEqual({ code: 0, signal: null });
  await client.request('Sync', {});
  const owner = { tenant_id: 'acme', user_id: 'ana' };
  const filter = { session_id: id };
  const { entries } = await client.query(filter);
  const { events } = await client.request('QueryEvents', { filter, limit: 10 });
  const [row] = await eventually('the export', async () => {
    const { exports } = await client.request('QueryExports', { filter, limit: 1 });
    return exports.length > 0 ? exports : undefined;
  });
  const rows = [await sessionRow(), await sessionRow(inner), ...entries, ...events, row];
  expect(rows.length).toBeGreaterThan(5);
  for (const one of rows) expect(one).toMatchObject(owner);
  expect(await sessionRow(inner)).toMatchObject({ metadata: { parent_session_id: id } });
  const show = ['session', 'show', inner];
  const { out } = await runInProcess(show, { socketPath: place.socketPath });
  expect(out).toMatch(new RegExp(`within +${id}\\n`));
  // What is asked of the daemon is done for whoever asks.
  const asking = await daemon.client({ tenantId: 'acme', userId: 'ana' });
  await asking.request('CaptureExport', { path: join(work, 'owned.txt') });
  await asking.close();
  const acts = { filter: { kind: 'export.capture' }, limit: 1 };
  const act = async () => (await client.request('QueryActs', acts)).acts[0];
  expect(await eventually('the act', act)).toMatchObject(owner);
});

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;

skipUnless(hasPython, 'python3 is not there', { requiredOnCi: true })(
  'Ctrl-C in a terminal reaches the program once, and codi run waits for what it makes of it.',
  async () => {
    const script = 'trap "echo interrupted" INT; test -t 0 && echo "#here#"; sleep 5; exit 11';
    const under = ['python3', fixture('interrupted-terminal.py')];
    const args = ['run', '--id', id, '--', 'bash', '-c', script];
    const program = codiProcess(place, args, { cwd: work, under });
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.out().trim()).toBe('1 11');
    expect(await sessionRow()).toMatchObject({ ended_by: 'run', exit_code: 11 });
  },
);

skipUnless(hasPython, 'python3 is not there', { requiredOnCi: true })(
  'A job that is stopped and goes on is one session, which ends as its program does.',
  async () => {
    const script = 'trap "exit 13" USR1; echo "$$ up"; while :; do sleep 0.05; done';
    const words = ['run', '--id', id, '--', 'bash', '-c', script];
    const program = codiProcess(place, words, {
      cwd: work,
      under: ['python3', fixture('stopped-job.py')],
    });
    // What it says goes back to whoever stands for the shell.
    program.child.stdout.pipe(program.child.stdin);
    expect(await program.ended, program.notes()).toEqual({ code: 0, signal: null });
    expect(program.notes()).toContain('job True True 13');
    expect(await sessionRow()).toMatchObject({ ended_by: 'run', exit_code: 13 });
  },
);
