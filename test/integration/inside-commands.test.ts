import { mkdtempSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon } from '../support/daemon.ts';
import type { DaemonPlace, RunningDaemon } from '../support/daemon.ts';

const WRITER = 'core/storage/state-writer';
const UNIX = 'serving/unix';

let place: DaemonPlace;
let daemon: RunningDaemon;

beforeAll(async () => {
  place = newPlace();
  daemon = await startDaemon(place);
}, 60_000);

afterAll(async () => {
  await daemon.stop();
  place.remove();
});

const codi = (...line: string[]) => runInProcess(line, { socketPath: place.socketPath });
const json = async (...line: string[]) => (await codi(...line, '--json')).json();

describe('looking inside a real daemon', () => {
  it('inspect tells of a thread, of an inline actor and of a supervisor', async () => {
    const writer = await codi('inspect', WRITER);
    expect(writer.out).toMatch(/^core\/storage\/state-writer {3}\w+ {3}epoch \d+ {3}up /);
    expect(writer.out).toMatch(/runs in +thread \d+/);
    expect((await codi('inspect', UNIX)).out).toMatch(/runs in +inline/);
    const [core] = await json('inspect', 'core');
    expect(core).toMatchObject({
      strategy: 'one_for_one',
      children: expect.arrayContaining(['core/storage']),
    });
  });

  it('peek shows the real machine: its states, the present one marked, and what it accepts', async () => {
    const { out } = await codi('peek', WRITER);
    expect(out).toMatch(/▶ serving\n/);
    expect(out).toMatch(/^ +draining$/m);
    expect(out).toMatch(/accepts +.*sys\.shutdown/);
    const [machine] = await json('peek', WRITER, '--definition');
    expect(machine).toMatchObject({ value: 'serving', definition: { id: 'writer' } });
    expect((await codi('peek', 'core')).notes).toContain('is a supervisor and has no machine');
  });

  it('recent, trace and --stately show messages of a watcher whose files change', async () => {
    const watcher = `watching/watchers/${place.home}`;
    await codi('watch', 'add', place.home);
    let number = 0;
    const changes = setInterval(() => writeFileSync(`${place.home}/file-${number++}`, ''), 100);
    try {
      const bounds = ['--limit', '1', '--for', '20s'];
      const traced = await json('trace', watcher, '--direction', 'in', ...bounds);
      expect(traced).toEqual([expect.objectContaining({ path: watcher, kind: 'handled' })]);
      const headers = await json('recent', watcher);
      expect(headers.length).toBeGreaterThan(0);
      expect(headers[0]).toMatchObject({ type: expect.any(String), outcome: 'handled' });
      const stately = await json('inspect', watcher, '--stately', '--limit', '3', '--for', '20s');
      // Each message handled is an event and the state after it.
      expect(stately.filter((row) => row['type'] === '@xstate.event')).toHaveLength(3);
      expect(stately.at(-1)).toMatchObject({ type: '@xstate.snapshot' });
      expect(stately[0]).toMatchObject({ type: '@xstate.actor', sessionId: `${watcher}#1` });
    } finally {
      clearInterval(changes);
    }
  }, 60_000);

  it('tree says of each actor what is so now, also after what changed no state of it', async () => {
    const counted = async (name: string) => {
      const rows = (await codi('tree')).out.matchAll(new RegExp(`${name} .* (\\d+) roots?$`, 'gm'));
      return [...rows].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const count = await counted('roots');
    expect(count).toBeGreaterThan(0);
    expect(await counted('host-\\d')).toBe(count);
    expect((await codi('watch', 'add', mkdtempSync(`${place.home}/one-`))).exitCode).toBe(0);
    expect(await counted('roots')).toBe(count + 1);
    expect(await counted('host-\\d')).toBe(count + 1);
  });

  it('kill, and why it is not what it was: the exit, the budget, the reports', async () => {
    const [before] = await json('inspect', WRITER);
    const [killed] = await json('kill', WRITER, '--reason', 'to see it come back', '--counted');
    expect(killed).toEqual({
      path: WRITER,
      epoch: before!['epoch'],
      new_epoch: Number(before!['epoch']) + 1,
      duration_ms: expect.any(Number),
    });
    const why = await codi('why', WRITER);
    expect(why.out).toContain(`${WRITER} runs\n`);
    expect(why.out).toMatch(/last exit +killed by operator: to see it come back/);
    expect(why.out).toMatch(/budget +1 of 5 restarts within 30 s/);
    const reports = await codi('crashes', '--reports', '--limit', '50');
    expect(reports.out).toMatch(/childRestarted +core\/storage\/state-writer/);
  }, 30_000);

  it('a stopped actor is visible, says how to start it, and restart starts it', async () => {
    const stopped = await codi('stop', UNIX, '--reason', 'a try');
    expect(stopped.exitCode).toBe(0);
    expect((await codi('tree')).out).toMatch(/unix +stopped/);
    expect((await codi('why', UNIX)).out).toMatch(/do +start it with `codi restart serving\/unix`/);
    expect((await codi('restart', UNIX)).exitCode).toBe(0);
    expect((await codi('tree')).out).toMatch(/unix +listening/);
  }, 30_000);

  it('suspend holds an actor until resume', async () => {
    expect((await codi('suspend', WRITER, '--ttl', '1m')).out).toMatch(/^suspended core\S+ until/);
    expect((await codi('inspect', WRITER)).out).toMatch(/suspended +until /);
    expect((await codi('resume', WRITER)).out).toBe(`${WRITER} goes on\n`);
    expect((await codi('resume', WRITER)).out).toBe(`${WRITER} was not suspended\n`);
  });

  it('a host that died is a crash report, which says what it was doing', async () => {
    const [tree] = await json('tree');
    const pid = Number(/pid (\d+)/.exec(JSON.stringify(tree))?.[1]);
    process.kill(pid, 'SIGKILL');
    await expect
      .poll(async () => (await json('crashes')).length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    const [crash] = await json('crashes');
    const id = String(crash!['fingerprint']).slice(0, 8);
    const { out } = await codi('crashes', '--show', id);
    expect(out).toContain('watching/hosts/host-');
    expect(out).toMatch(/below +watching\/hosts, watching, root\n/);
  }, 60_000);

  it('deadletters and leaks answer, and nothing is an orphan', async () => {
    expect((await codi('deadletters')).exitCode).toBe(0);
    const [leaks] = await json('leaks');
    expect(leaks).toMatchObject({ orphans: [], handles: expect.any(Object) });
    expect((await codi('leaks', '--for', '50ms')).exitCode).toBe(0);
  });

  it('completes the paths of actors', async () => {
    const { out } = await codi('__complete', '--', 'why', 'core/sto');
    expect(out.split('\n')).toContain(WRITER);
  });

  it('a path that is wrong has exit code 5 and a suggestion everywhere', async () => {
    for (const command of ['inspect', 'peek', 'recent', 'why', 'kill', 'stop', 'suspend']) {
      const run = await codi(command, 'state-writer');
      expect([command, run.exitCode]).toEqual([command, 5]);
      expect(run.notes).toContain(`did you mean ${WRITER}?`);
    }
  });
});

describe('a daemon that was started without debug.write', () => {
  let readOnly: RunningDaemon;
  const other = newPlace();

  beforeAll(async () => {
    readOnly = await startDaemon(other, [], { env: { CODI_DEBUG_WRITE: '0' } });
  }, 60_000);

  afterAll(async () => {
    await readOnly.stop();
    other.remove();
  });

  it.each([
    ['kill', WRITER],
    ['restart', WRITER],
    ['stop', WRITER],
    ['suspend', WRITER],
    ['resume', WRITER],
    ['deadletters', '--replay', '--all'],
  ])('%s is refused with exit code 77 and says how to allow it', async (...line) => {
    const run = await runInProcess(line, { socketPath: other.socketPath });
    expect(run.exitCode).toBe(77);
    expect(run.notes).toContain('debug.write');
    const [writer] = (
      await runInProcess(['inspect', WRITER, '--json'], { socketPath: other.socketPath })
    ).json();
    expect(writer).toMatchObject({ epoch: 1, restarts: 0 });
  });
});
