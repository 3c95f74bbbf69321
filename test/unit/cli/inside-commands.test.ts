import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actorStats, actorView } from '../../support/actor-views.ts';
import { runInProcess } from '../../support/cli-harness.ts';
import { FakeDebugServer } from '../../support/fake-debug-server.ts';

const AT = '2026-03-10T14:02:11.123Z';
const NOW_MS = Date.parse('2026-03-10T14:05:00Z');
const path = 'core/bus';
const header = {
  type: 'publish',
  at: AT,
  wait_ms: 0.05,
  handle_ms: 1.25,
  outcome: 'handled',
  epoch: 1,
};

describe('commands that look inside', () => {
  let dir: string;
  let server: FakeDebugServer | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'codi-debug-'));
  });

  afterEach(async () => {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const codi = (...line: string[]) =>
    runInProcess(line, {
      socketPath: join(dir, 'm.sock'),
      nowMs: () => NOW_MS,
    });
  const answer = async (result: object) => {
    server = await FakeDebugServer.start(join(dir, 'm.debug.sock'), () => ({ result }));
  };
  const asked = () => server!.requests[0];

  it('inspect shows state, mailbox, counters, the last messages and what is held', async () => {
    await answer(
      actorView(path, {
        restarts: 2,
        last_exit: { reason: 'crashed: EIO', at: AT },
        stats: actorStats(path, {
          messages_in: 1204,
          restarts_in_window: 1,
          mailbox: { count: 3, bytes: 2_000, high_water: 17, oldest_age_ms: 12 },
        }),
        links: ['core/storage/ledger-writer'],
        monitored_by: 1,
        recent: [header as never],
        resources: [{ name: 'sweep', kind: 'timer', age_ms: 12_000, owner: `${path}#1` }],
        in_flight: { type: 'publish', running_ms: 3 },
      }),
    );
    const run = await codi('inspect', path);
    expect(run.out.split('\n')).toEqual(
      expect.arrayContaining([
        'core/bus   running   epoch 1   up 5.0 s',
        expect.stringMatching(/^ {2}restart +permanent, 2 restarts \(1 in the window\)$/),
        expect.stringMatching(/^ {2}last exit +crashed: EIO, \d\d:\d\d today$/),
        expect.stringMatching(/^ {2}mailbox +3 waiting, the oldest for 12 ms, 2.0 kB, at most 17$/),
        expect.stringMatching(/^ {2}messages +1,204 in, 0 out, 0 dropped, 0 errors$/),
        expect.stringMatching(/^ {2}in hand +publish, for 3.0 ms$/),
        expect.stringMatching(/^ {2}links +core\/storage\/ledger-writer, monitored by 1$/),
        expect.stringMatching(/:02:11\.123 +1 +0\.05 ms +1\.3 ms +handled +publish$/),
        expect.stringMatching(/^12 s +timer +sweep$/),
      ]),
    );
  });

  it('inspect says that an answer is old, and what the daemon is in', async () => {
    const busy = { path, message: 'spin', busy_ms: 4_200 };
    await answer({ ...actorView(path), stale_ms: 4_300, busy });
    const run = await codi('inspect', path);
    expect(run.notes).toBe(
      'as of 4.3 s ago: the main thread has been in core/bus (spin) for 4.2 s\n',
    );
    expect((await codi('inspect', path, '--json')).notes).toBe('');
  });

  it('peek marks the present state and shows the context without control characters', async () => {
    await answer({
      path,
      epoch: 1,
      state: 'routing.idle',
      value: { routing: 'idle' },
      tags: ['ready'],
      status: 'active',
      context: { name: 'evil\u001b[31m\u202e' },
      next_events: ['publish', 'sys.shutdown'],
      states: ['starting', 'routing', 'routing.idle', 'routing.busy'],
    });
    const { out } = await codi('peek', path);
    expect(out).toContain('▶ routing\n');
    expect(out).toContain('▶ routing.idle\n');
    expect(out).toMatch(/^ +routing\.busy$/m);
    expect(out).toMatch(/accepts +publish, sys\.shutdown/);
    expect(out).not.toMatch(/[\u001b\u202e]/);
    await codi('peek', path, '--definition');
    expect(asked()).toEqual({ verb: 'peek', path, id: 1 });
    expect(server!.requests[1]).toMatchObject({ definition: true });
  });

  it('recent prints a row per message, and with --json a line', async () => {
    await answer({ path, headers: [header, { ...header, outcome: 'crashed', type: 'explode' }] });
    expect((await codi('recent', path)).out).toMatch(/crashed +explode\n$/);
    expect((await codi('recent', path, '--json')).json()).toHaveLength(2);
  });

  it('why says the causes, and what to do', async () => {
    await answer({
      path,
      state: 'parked',
      is_running: false,
      causes: [{ kind: 'budget', text: 'it crashed 6 times within 30 s', detail: {} }],
      last_error: { name: 'Error', message: 'the disk is gone', code: 'EIO' },
      last_message: 'append',
      budget: {
        restarts: 6,
        max_restarts: 5,
        within_ms: 30_000,
        on_exhausted: 'park',
        is_slow: false,
      },
      backoff_attempt: 2,
      supervisor: { path: 'core', restarts: 0, intensity: 3, period_ms: 60_000 },
      hint: 'start it with `codi restart core/bus`',
    });
    const { out, exitCode } = await codi('why', path);
    expect(exitCode).toBe(0);
    expect(out).toContain('core/bus does not run: parked\n');
    expect(out).toMatch(/because +it crashed 6 times within 30 s\n/);
    expect(out).toMatch(/error +Error: the disk is gone \(EIO\)\n/);
    expect(out).toMatch(/budget +6 of 5 restarts within 30 s; when it is spent: park\n/);
    expect(out).toMatch(/do +start it with `codi restart core\/bus`\n/);
  });

  const crash = {
    fingerprint: '3f09a1b2c3d4e5f6',
    count: 3,
    first_at: AT,
    last_at: AT,
    path,
    pid: `${path}#4`,
    name: 'bus',
    isolation: 'inline',
    uptime_ms: 5_000,
    restarts: 3,
    messages_handled: 12,
    reason: 'crashed',
    error: {
      name: 'Error',
      message: 'no such\nsubject',
      stack: 'Error: no such\n    at route (bus.ts:1:2)',
      cause: { name: 'TypeError', message: 'undefined' },
    },
    message: 'publish',
    ancestors: ['core', 'root'],
    links: [],
    monitored_by: 0,
    neighbours: [{ path: 'core/x', epoch: 1, state: 'running', unread: 2 }],
    unread: { count: 9, types: ['publish', 'subscribe'] },
    recent: [header],
  };

  it('crashes lists kinds with a count, and --show tells one from the beginning of its id', async () => {
    await answer({ crashes: [crash] });
    const list = await codi('crashes', path, '--limit', '5');
    expect(asked()).toMatchObject({ verb: 'crashes', limit: 5, path });
    expect(list.out).toMatch(/3f09a1b2c3d4 .* +3 +core\/bus +Error: no such\\nsubject\n$/);
    const { out } = await codi('crashes', '--show', '3f09');
    expect(out).toMatch(/message +publish\n/);
    expect(out).toMatch(/caused by TypeError: undefined\n/);
    expect(out).toMatch(/below +core, root\n/);
    expect(out).toMatch(/unread +9: publish, subscribe, …\n/);
    expect(out).toMatch(/stack +at route \(bus\.ts:1:2\)\n/);
    expect((await codi('crashes', '--show', 'ffff')).exitCode).toBe(5);
    expect((await codi('crashes', '-f')).exitCode).toBe(2);
  });

  it('deadletters lists letters and counts, and replays only what was named', async () => {
    const letter = {
      id: 41,
      at: AT,
      to: path,
      cause: 'overflow',
      type: 'publish',
      bytes: 99,
      replays: 0,
    };
    const counts = {
      kept: 1,
      kept_bytes: 99,
      forgotten: 0,
      stopped: 0,
      unknown: 0,
      overflow: 1,
      poison: 0,
    };
    await answer({ counts, letters: [letter], queued: 1, failed: 0, exhausted: 1 });
    const list = await codi('deadletters', '--to', path);
    expect(list.out).toMatch(/^41 .*overflow +99 B +0 +publish +core\/bus$/m);
    expect(list.notes).toBe('1 kept (99 B), overflow 1\n');
    const replayed = await codi('deadletters', '--replay', '41', '42');
    expect(server!.requests.at(-1)).toMatchObject({ verb: 'replay', ids: [41, 42] });
    expect(replayed.out).toBe('1 letter sent again, 1 not: sent too often before\n');
    await codi('deadletters', '--replay', '--all', '--to', path);
    expect(server!.requests.at(-1)).toMatchObject({ verb: 'replay', to: path });
    expect(server!.requests.at(-1)).not.toHaveProperty('ids');
    for (const wrong of [['--replay'], ['--all'], ['--replay', '1', '--all'], ['--replay', 'x']]) {
      expect((await codi('deadletters', ...wrong)).exitCode).toBe(2);
    }
  });

  it('suspend and resume say what they did and how long it lasts', async () => {
    await answer({ path, epoch: 1, until: AT, was_suspended: true });
    const run = await codi('suspend', path, '--ttl', '5m', '--reason', 'a look');
    expect(asked()).toMatchObject({ path, ttl_ms: 300_000, reason: 'a look' });
    expect(run.out).toMatch(
      /^suspended core\/bus until \d\d:02:11; go on before with `codi resume/,
    );
    expect((await codi('resume', path)).out).toBe('core/bus goes on\n');
    expect((await codi('suspend', path, '--ttl', 'soon')).exitCode).toBe(2);
  });

  const held = (name: string) => ({ name, kind: 'timer', age_ms: 10, owner: `${path}#2` });

  it('leaks shows orphans, and with --for only what grew', async () => {
    let looks = 0;
    server = await FakeDebugServer.start(join(dir, 'm.debug.sock'), () => {
      looks += 1;
      const more = looks > 2 ? [held('b'), held('c')] : [];
      const handles = { Timeout: looks > 2 ? 9 : 3, PipeWrap: 2 };
      const result = {
        resources: [held('a'), ...more],
        handles,
        descriptors: { socket: 4 },
        orphans: looks === 1 ? [held('lost')] : [],
        unstopped: [],
      };
      return { result };
    });
    const first = await codi('leaks');
    expect(first.out).toMatch(/orphans +timer lost of core\/bus#2, 10 ms old\n/);
    expect(first.out).toMatch(/process +3 Timeout, 2 PipeWrap\n/);
    const second = await codi('leaks', '--for', '1ms', '--json');
    expect(second.json()[0]).toEqual({
      for_ms: 1,
      resources: [{ name: 'core/bus timer', owner: path, kind: 'timer', before: 1, after: 3 }],
      handles: [{ name: 'Timeout', before: 3, after: 9 }],
      descriptors: [],
    });
    expect((await codi('leaks', '--for', '1ms')).notes).toBe('nothing grew\n');
  });
});
