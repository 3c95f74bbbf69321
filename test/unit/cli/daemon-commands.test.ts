import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeDaemon, accepted, rejected } from '../../support/fake-daemon.ts';
import { runInProcess } from '../../support/cli-harness.ts';
import type { CliSurroundings } from '../../support/cli-harness.ts';

const status = {
  components: [],
  uptime: { secs: 273_600, nanos: 500_000_000 },
  version: '0.1.0',
  pid: 4711,
  state: 'healthy',
  reasons: [],
  ledger: { entries: 12_400_000, bytes: 2_100_000_000, blocks: 9, entries_per_second: 1204 },
  watching: { roots: 3, files: 48_211 },
  clients: { connected: 14 },
  restarts: { total: 1, last_hour: [] },
  http_url: 'http://127.0.0.1:9090',
};

describe('commands about the daemon and what it watches', () => {
  let daemon: FakeDaemon;

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
  });

  afterEach(() => daemon.stop());

  const codi = (line: string[], around: CliSurroundings = {}) =>
    runInProcess(line, { socketPath: daemon.socketPath, ...around });

  it('watch add resolves the path and passes patterns; rm and ls work on it', async () => {
    daemon.answers['StartMonitoring'] = () => accepted;
    daemon.answers['StopMonitoring'] = () => accepted;
    daemon.answers['ListWatches'] = () => ({
      kind: 'WatchResults',
      body: {
        watches: [
          {
            path: '/desk/other',
            recursive: true,
            patterns: ['*.txt'],
            active: true,
            state: 'watching',
            mode: 'native',
            hint_source: 'fs',
            files: 1204,
            directories: 3,
            created_at: '2026-03-10T14:00:00Z',
          },
        ],
      },
    });
    const run = await codi(['watch', 'add', '../other', '--pattern', '*.txt']);
    expect(run).toMatchObject({ exitCode: 0, out: 'watching /desk/other\n' });
    expect(daemon.of('StartMonitoring')[0]?.body).toEqual({
      path: '/desk/other',
      recursive: true,
      patterns: ['*.txt'],
    });
    const list = await codi(['watch', 'ls']);
    expect(list.out).toContain('/desk/other  watching  1,204  native (fs)  *.txt');
    await codi(['watch', 'rm', '../other']);
    expect(daemon.of('StopMonitoring')[0]?.body.path).toBe('/desk/other');
  });

  it('files ls prints every page, with numbers beyond 2^53 exactly', async () => {
    const rows = Array.from({ length: 1500 }, (_, index) => ({
      root: '/r',
      path: `f${index}`,
      kind: 'file',
      size: index,
      mtime: '2026-03-10T14:00:00Z',
      ino: index === 0 ? 18_446_744_073_709_551_615n : index,
    }));
    daemon.servePages('ListFiles', 'FileResults', 'files', rows);
    const run = await codi(['files', 'ls', '.', '--prefix', 'f', '--json']);
    expect(run.out.split('\n')).toHaveLength(1501);
    expect(run.out).toContain('"ino":18446744073709551615');
    expect(daemon.of('ListFiles')[0]?.body).toMatchObject({ root: '/desk/here', prefix: 'f' });
  });

  it('session start gives an id that works with the shell, and end takes it from there', async () => {
    daemon.answers['SessionStart'] = () => accepted;
    daemon.answers['SessionEnd'] = () => accepted;
    const start = await codi(['session', 'start', '--identity', 'alice', '-q']);
    expect(start.out).toMatch(/^alice-[0-9a-f]{8}\n$/);
    const id = start.out.trim();
    expect(daemon.of('SessionStart')[0]?.body).toMatchObject({ session_id: id, identity: 'alice' });
    const end = await codi(['session', 'end'], { env: { SESSION_ID: id } });
    expect(end).toMatchObject({ exitCode: 0, out: `session ${id} ended\n` });
    expect((await codi(['session', 'end'])).exitCode).toBe(2);
  });

  it('session end reports an unknown session with exit code 5', async () => {
    daemon.answers['SessionEnd'] = () => rejected('CODI_SESSION_UNKNOWN');
    expect((await codi(['session', 'end', 'x'])).exitCode).toBe(5);
  });

  it('sync asks for absolute paths and says what it found', async () => {
    daemon.answers['Sync'] = () => ({
      kind: 'Synced',
      body: { roots: 1, events: 12, duration_ms: 84 },
    });
    const run = await codi(['sync', 'a', '--timeout', '2s']);
    expect(run.out).toBe('in step: 1 root, 12 events, 84 ms\n');
    expect(daemon.of('Sync')[0]?.body).toEqual({ paths: ['/desk/here/a'], timeout_ms: 2000 });
  });

  it('status prints the picture of a healthy daemon', async () => {
    daemon.answers['Health'] = () => ({ kind: 'Status', body: status });
    const run = await codi(['status']);
    expect(run.exitCode).toBe(0);
    expect(run.out).toContain('● healthy   up 3 d 4 h   pid 4711   codi 0.1.0');
    expect(run.out).toContain('ledger    12.4 M entries, 2.1 GB');
    expect(run.out).toContain('clients   14 connected, 1,204 entries/s');
    expect(run.out).toContain('http      http://127.0.0.1:9090/health, /metrics');
    const [row] = (await codi(['status', '--json'])).json();
    expect(row).toMatchObject({ state: 'healthy', uptime_ms: 273_600_500, pid: 4711 });
  });

  it('status answers 6 when degraded and names the reason', async () => {
    const reasons = ['core/storage/ledger-writer is restarting'];
    daemon.answers['Health'] = () => ({
      kind: 'Status',
      body: { ...status, state: 'degraded', reasons },
    });
    const run = await codi(['status']);
    expect(run.exitCode).toBe(6);
    expect(run.out).toContain(`because   ${reasons[0]}`);
  });

  it('status --wait waits for a daemon that comes up and for one that gets well', async () => {
    let asked = 0;
    daemon.answers['Health'] = () => {
      asked += 1;
      return { kind: 'Status', body: { ...status, state: asked < 3 ? 'degraded' : 'healthy' } };
    };
    await daemon.crash();
    const run = codi(['status', '--wait', '10s', '-q']);
    await daemon.listen();
    expect((await run).exitCode).toBe(0);
    expect(asked).toBe(3);
  });

  it('status --wait answers 69 when nobody comes', async () => {
    await daemon.crash();
    const run = await codi(['status', '--wait', '200ms']);
    expect(run.exitCode).toBe(69);
    expect(run.notes).toContain(`tried ${daemon.socketPath}: no such file`);
  });

  it('status without a daemon says what waits in the spool', async () => {
    await daemon.crash();
    const dataDir = mkdtempSync(join(tmpdir(), 'codi-status-'));
    const spool = join(dataDir, 'spool');
    const wait = (fileName: string) => writeFileSync(join(spool, fileName), '');
    const status = () => codi(['status', '--data-dir', dataDir]);
    const hint = '  start it with `codi up`, or in the background with `codi daemon start`';
    try {
      mkdirSync(spool);
      wait('a note');
      expect((await status()).notes.trim().split('\n').at(-1)).toBe(hint);
      wait('0a0a0a0a-0000-4000-8000-000000000001.1.jsonl');
      expect((await status()).notes).toContain(`${hint}; 1 file in ${spool} waits for it`);
      wait('0a0a0a0a-0000-4000-8000-000000000001.2.jsonl');
      const run = await status();
      expect(run.notes).toContain(`${hint}; 2 files in ${spool} wait for it`);
      expect(run.exitCode).toBe(69);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it('an unreachable daemon is told in three lines', async () => {
    await daemon.crash();
    const run = await codi(['session', 'ls']);
    expect(run.exitCode).toBe(69);
    expect(run.notes.trim().split('\n')).toEqual([
      'error: the daemon is not running on this socket (CODI_UNREACHABLE)',
      `  tried ${daemon.socketPath}: no such file`,
      '  start it with `codi up`, or in the background with `codi daemon start`',
    ]);
  });
});
