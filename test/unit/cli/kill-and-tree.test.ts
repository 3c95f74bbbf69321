import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

  it('kill waits for the next epoch and says how long it took', async () => {
    let polls = 0;
    let isKilled = false;
    await serve(({ verb, path }) => {
      if (verb === 'kill') {
        isKilled = true;
        return { result: { path, epoch: 1 } };
      }
      polls += isKilled ? 1 : 0;
      if (polls === 0) return { result: tree() };
      return { result: tree(polls < 3 ? { state: 'restarting' } : { epoch: 2 }) };
    });
    const run = await codi('kill', 'core/storage/ledger-writer');
    expect(run.out).toMatch(
      /^killed core\/storage\/ledger-writer \(epoch 1\), back as epoch 2 in \d+ ms\n$/,
    );
    expect(run.exitCode).toBe(0);
  });

  it('kill survives that the debug actor itself is the victim', async () => {
    let isKilled = false;
    await serve(({ verb }) => {
      if (verb !== 'kill') return { result: tree({}, { epoch: isKilled ? 2 : 1 }) };
      isKilled = true;
      return 'hang up';
    });
    const run = await codi('kill', 'debug');
    expect(run.out).toContain('killed debug (epoch 1), back as epoch 2');
  });

  it('kill suggests the actor that was meant', async () => {
    await serve(() => ({ result: tree() }));
    const run = await codi('kill', 'ledger-writer');
    expect(run.exitCode).toBe(5);
    expect(run.notes).toContain('did you mean core/storage/ledger-writer?');
  });

  it('kill passes on what the daemon refuses', async () => {
    await serve(({ verb }) =>
      verb === 'kill'
        ? { error: { code: 'CODI_ROOT_KILL', message: 'no', hint: '', retryable: false } }
        : { result: tree() },
    );
    expect((await codi('kill', 'root')).exitCode).toBe(77);
  });

  it('says where it looked when there is no debug socket', async () => {
    const run = await codi('tree');
    expect(run.exitCode).toBe(69);
    expect(run.notes).toContain(`tried ${join(dir, 'm.debug.sock')}: no such file`);
  });
});
