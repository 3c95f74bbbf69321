import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actorView } from '../../support/actor-views.ts';
import { runInProcess } from '../../support/cli-harness.ts';
import { FakeDebugServer, treeNode } from '../../support/fake-debug-server.ts';

describe('looking inside', () => {
  let dir: string;
  let server: FakeDebugServer | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'codi-debug-'));
  });

  afterEach(async () => {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const codi = (...line: string[]) => runInProcess(line, { socketPath: join(dir, 'm.sock') });
  const serve = async (answer: Parameters<typeof FakeDebugServer.start>[1]) => {
    server = await FakeDebugServer.start(join(dir, 'm.debug.sock'), answer);
  };
  const tree = (writer: object = {}, debug: object = {}) =>
    treeNode('root', {
      strategy: 'one_for_one',
      children: [
        treeNode('debug', { isolation: 'thread 1', ...debug }),
        treeNode('core', {
          strategy: 'one_for_one',
          children: [treeNode('core/storage/ledger-writer', { isolation: 'thread 2', ...writer })],
        }),
        treeNode('watching', {
          strategy: 'dynamic',
          children: [treeNode('watching//home/ana/shop', { note: '1,204 files' })],
        }),
      ],
    });

  it('draws the tree, ids with slashes included', async () => {
    await serve(() => ({ result: tree({ restarts: 1 }) }));
    const run = await codi('tree');
    const lines = run.out.split('\n');
    expect(lines[0]).toMatch(/^root +running +one_for_one +1\.0 s$/);
    expect(lines[1]).toMatch(/^├─ debug +running +thread 1$/);
    expect(lines[3]).toMatch(/^│ {2}└─ storage\/ledger-writer +running +thread 2 +1 restart$/);
    expect(lines[4]).toMatch(/^└─ watching +running +1 child$/);
    expect(lines[5]).toMatch(/^ {3}└─ \/home\/ana\/shop +running +1,204 files$/);
  });

  it('prints the tree as it came with --json', async () => {
    await serve(() => ({ result: tree() }));
    expect((await codi('tree', '--json')).json()[0]).toEqual(JSON.parse(JSON.stringify(tree())));
  });

  /** Answers `inspect` for one actor with what `views` gives, one after the other; the last one stays. */
  const actor = (path: string, ...views: Parameters<typeof actorView>[1][]) => {
    let asked = 0;
    return (request: Record<string, unknown>) => {
      if (request['verb'] === 'tree') return { result: tree() };
      if (request['path'] !== path) {
        return { error: { code: 'CODI_ACTOR_NOT_FOUND', message: 'no', retryable: false } };
      }
      if (request['verb'] !== 'inspect') return { result: { path, epoch: 1 } };
      asked += 1;
      return { result: actorView(path, views[Math.min(asked, views.length) - 1]) };
    };
  };
  const writer = 'core/storage/ledger-writer';

  it('kill waits for the next epoch and says how long it took', async () => {
    await serve(actor(writer, {}, {}, { state: 'restarting' }, { epoch: 2 }));
    const run = await codi('kill', writer, '--reason', 'a try', '--counted');
    expect(run.out).toMatch(
      /^killed core\/storage\/ledger-writer \(epoch 1\), back as epoch 2 in \d+ ms\n$/,
    );
    expect(run.exitCode).toBe(0);
    const kill = server!.requests.find((request) => request['verb'] === 'kill');
    expect(kill).toMatchObject({ path: writer, reason: 'a try', counted: true });
  });

  it('kill survives that the debug actor itself is the victim', async () => {
    const answer = actor('debug', {}, { epoch: 2 });
    await serve((request) => (request['verb'] === 'kill' ? 'hang up' : answer(request)));
    const run = await codi('kill', 'debug');
    expect(run.out).toContain('killed debug (epoch 1), back as epoch 2');
  });

  it('kill does not wait for a temporary actor', async () => {
    let isKilled = false;
    const answer = actor('serving/connections/7', { restart: 'temporary' });
    await serve((request) => {
      if (isKilled) return { error: { code: 'CODI_ACTOR_NOT_FOUND', message: 'no' } };
      isKilled = request['verb'] === 'kill';
      return answer(request);
    });
    const run = await codi('kill', 'serving/connections/7', '--json');
    expect(run.json()).toEqual([
      { path: 'serving/connections/7', epoch: 1, duration_ms: expect.any(Number) },
    ]);
  });

  it('kill says so when the actor does not come back in time', async () => {
    let nowMs = 0;
    await serve(actor(writer, {}, { state: 'backing-off' }));
    const run = await runInProcess(['kill', writer], {
      socketPath: join(dir, 'm.sock'),
      nowMs: () => (nowMs += 500),
    });
    expect(run.exitCode).toBe(75);
    expect(run.notes).toContain(`it was done, but after 5.0 s ${writer} is backing-off`);
    expect(run.notes).toContain(`see \`codi why ${writer}\``);
  });

  it('restart starts what is parked, stop leaves it stopped', async () => {
    await serve(actor(writer, { state: 'parked', epoch: 6 }, { epoch: 7 }));
    const restarted = await codi('restart', writer);
    expect(restarted.out).toMatch(/^restarted \S+ledger-writer: epoch \d, now 7, in /);
    await server!.stop();
    await serve(actor(writer, {}, { state: 'stopping' }, { state: 'stopped' }));
    const stopped = await codi('stop', writer);
    expect(stopped.out).toContain(`start it again with \`codi restart ${writer}\``);
  });

  it.each(['kill', 'inspect', 'peek', 'recent', 'why', 'suspend', 'resume'])(
    '%s suggests the actor that was meant',
    async (command) => {
      await serve(actor(writer));
      const run = await codi(command, 'ledger-writer');
      expect(run.exitCode).toBe(5);
      expect(run.notes).toContain('did you mean core/storage/ledger-writer?');
    },
  );

  it('kill passes on what the daemon refuses', async () => {
    const answer = actor('root');
    await serve((request) =>
      request['verb'] === 'kill'
        ? { error: { code: 'CODI_ROOT_KILL', message: 'no', hint: '', retryable: false } }
        : answer(request),
    );
    expect((await codi('kill', 'root')).exitCode).toBe(77);
  });

  it('says where it looked when there is no debug socket', async () => {
    const run = await codi('tree');
    expect(run.exitCode).toBe(69);
    expect(run.notes).toContain(`tried ${join(dir, 'm.debug.sock')}: no such file`);
  });
});
