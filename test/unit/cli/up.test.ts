import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { textWidth } from '#codi/cli/text-width.js';
import { runInProcess } from '../../support/cli-harness.ts';
import type { CliSurroundings } from '../../support/cli-harness.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

describe('codi up', () => {
  let daemon: FakeDaemon;
  let dir: string;

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
    dir = await mkdtemp(join(tmpdir(), 'codi-up-'));
    daemon.answers['QueryLogs'] = () => ({
      kind: 'LogResults',
      body: { entries: [], total_count: 0 },
    });
    daemon.answers['QueryEvents'] = () => ({ kind: 'EventResults', body: { events: [] } });
  });

  afterEach(async () => {
    await daemon.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Starts `codi up` over the stand-in for codi-monitor. */
  const up = (mode: string, line: string[] = [], around: CliSurroundings = {}) => {
    const signals = new EventEmitter();
    let seen = '';
    const run = runInProcess(['up', '--data-dir', join(dir, 'data'), ...line], {
      signals,
      cwd: dir,
      monitorEntry: fileURLToPath(new URL('../../support/fake-monitor.mjs', import.meta.url)),
      env: {
        FAKE_MODE: mode,
        FAKE_SOCKET: daemon.socketPath,
        CODI_DATA_DIR: join(dir, 'data'),
        CODI_SOCKET: daemon.socketPath,
      },
      onOutput: (text) => (seen += text),
      ...around,
    });
    const shows = (text: string) => expect.poll(() => seen, { timeout: 10_000 }).toContain(text);
    return { run, signals, shows, output: () => seen };
  };
  const events = (count: number, extra: object = {}) =>
    Array.from({ length: count }, (_, index) => ({
      seq: index + 1,
      time: new Date().toISOString(),
      root: dir,
      path: `lib/deep/file-${index}.js`,
      event: 'create',
      kind: 'file',
      size: 1200,
      seen: 'native',
      ...extra,
    }));
  const push = async (kind: string, body: object) => {
    await expect.poll(() => daemon.of('Follow').length).toBe(1);
    const request_id = daemon.of('Follow')[0]?.id;
    for (const connection of daemon.connections) connection.send(kind, { request_id, ...body });
  };

  it('shows the header, rows as they come, restarts, and what was kept at the end', async () => {
    const { run, signals, shows } = up('good', ['shop', '/srv/notes']);
    await shows('ready in 0.4 s');
    await push('EventResults', { events: events(2) });
    await push('LogResults', {
      total_count: 1,
      entries: [
        {
          id: 1,
          timestamp: new Date().toISOString(),
          level: 'Warn',
          component: 'release',
          message: 'deploy done',
          metadata: { user: 42 },
          session_id: 'alice',
        },
      ],
    });
    await shows('deploy done');
    signals.emit('SIGINT');
    const { exitCode, out } = await run;
    expect(exitCode).toBe(0);
    expect(out).toContain(`codi 0.1.0 · ${dir}/shop and 1 more · data ${dir}/data · pid `);
    expect(out).toContain(`watching 2 roots, 1,204 files · socket ${daemon.socketPath}`);
    expect(out).toContain('metrics and health at http://127.0.0.1:9090\n');
    expect(out).toMatch(/\d\d:\d\d:\d\d {2}create {2}lib\/deep\/file-1\.js +1\.2 kB\n/);
    expect(out).toMatch(/warn {4}release {3}deploy done {2}user=42 {2}alice\n/);
    expect(out).toContain(
      'restart core/storage/ledger-writer crashed (debug.write 1), back in 84 ms',
    );
    expect(out.trimEnd().split('\n').at(-1)).toBe('stopped in 0.2 s, all 12,448 entries on disk');
  });

  it('folds bursts and wraps no line on a terminal', async () => {
    const { run, signals, shows, output } = up('good', [], { columns: 60 });
    await shows('watching 1 root');
    const path = `lib/${'very-long-name/'.repeat(10)}end.js`;
    await push('EventResults', { events: [...events(1, { path }), ...events(1999)] });
    await shows('more in lib');
    signals.emit('SIGTERM');
    await run;
    // eslint-disable-next-line no-control-regex
    const lines = output()
      .replaceAll(/\u001b\[[\d;]*m/g, '')
      .trimEnd()
      .split('\n');
    expect(lines.some((line) => /\+ 1,980 more in lib(\/deep)?, /.test(line))).toBe(true);
    expect(lines.some((line) => line.includes('…') && line.includes('end.js'))).toBe(true);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(60);
  });

  it('prints only rows with --json', async () => {
    const { run, signals, shows } = up('good', ['--json']);
    await push('EventResults', { events: events(1) });
    await shows('file-0.js');
    signals.emit('SIGINT');
    expect((await run).json()).toEqual([expect.objectContaining({ seq: 1, event: 'create' })]);
  });

  it('ends with exit code 3 and the pid when another daemon has the data', async () => {
    const { exitCode, notes } = await up('taken').run;
    expect(exitCode).toBe(3);
    expect(notes).toContain('(pid 4711) (CODI_ALREADY_RUNNING)');
  });

  it('says why the daemon ended by itself and ends with its exit code', async () => {
    const { exitCode, notes } = await up('crash').run;
    expect(exitCode).toBe(70);
    expect(notes).toContain('the daemon ended by itself (exit code 70)');
    expect(notes).toContain('something broke');
  });

  it('ends a daemon that does not drain at the second signal', async () => {
    const { run, signals, shows } = up('stubborn');
    await shows('ready in');
    signals.emit('SIGINT');
    await shows('heard');
    signals.emit('SIGINT');
    const { exitCode, notes } = await run;
    expect(exitCode).toBe(1);
    expect(notes).toContain('ended at once');
  });
});
