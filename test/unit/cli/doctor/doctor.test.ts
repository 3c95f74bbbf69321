import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeChecks } from '#codi/cli/doctor/place-checks.js';
import { programChecks } from '#codi/cli/doctor/program-checks.js';
import type { Check } from '#codi/cli/doctor/check.js';
import { runInProcess } from '../../../support/cli-harness.ts';
import { FakeDaemon } from '../../../support/fake-daemon.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'codi-doctor-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const HEALTHY = {
  components: [],
  uptime: { secs: 1, nanos: 0 },
  pid: 4711,
  state: 'healthy',
};

const WATCH = {
  path: '/desk/shop',
  recursive: true,
  patterns: [],
  active: true,
  state: 'watching',
  mode: 'native',
  hint_source: 'fs',
  files: 3,
  directories: 1,
  created_at: '2025-09-28T00:00:00Z',
};

const GAPS = [
  {
    id: 'a',
    root: '/net',
    reason: 'poll',
    opened: '2025-09-28T00:00:00Z',
    found: {},
    times: 1,
    opened_act: 1,
  },
];

function states(json: Record<string, unknown>[]): Map<string, Check> {
  const [{ checks }] = json as unknown as [{ checks: Check[] }];
  return new Map(checks.map((check) => [check.name, check]));
}

async function asked(health: object, watches: object[]) {
  const daemon = await FakeDaemon.start();
  try {
    daemon.answers['Health'] = () => ({ kind: 'Status', body: health });
    daemon.answers['QueryGaps'] = () => ({ kind: 'GapResults', body: { gaps: GAPS } });
    daemon.answers['ListWatches'] = () => ({ kind: 'WatchResults', body: { watches } });
    const { socketPath } = daemon;
    const env = { CODI_DATA_DIR: join(home, 'data') };
    return await runInProcess(['doctor', '--json'], { socketPath, env });
  } finally {
    await daemon.stop();
  }
}

test('Without a daemon it says so, with the next command, and checks everything else.', async () => {
  const around = { socketPath: join(home, 'none.sock'), env: { CODI_DATA_DIR: home } };
  const run = await runInProcess(['doctor', '--json'], around);
  expect(run.exitCode).toBe(6);
  const checks = states(run.json());
  expect(checks.get('daemon')).toMatchObject({ state: 'bad' });
  expect(checks.get('daemon')!.hint).toContain('codi daemon start');
  const well = ['config', 'node', 'sqlite', 'optional-packages', 'data-directory', 'filesystem'];
  for (const name of well) expect(checks.get(name), name).toMatchObject({ state: 'ok' });
  const shown = await runInProcess(['doctor', '--quiet'], around);
  expect(shown.out.split('\n')[0]).toMatch(/^bad {3}daemon/);
});

test('With a healthy daemon nothing is wrong, and polled roots are worth a warning.', async () => {
  const polled = { ...WATCH, path: '/net', mode: 'poll', hint_source: 'none', reason: 'nfs' };
  const run = await asked(HEALTHY, [WATCH, polled]);
  const checks = states(run.json());
  expect(run.exitCode).toBe(0);
  expect(checks.get('daemon')).toMatchObject({ state: 'ok' });
  expect(checks.get('root /desk/shop')).toMatchObject({ state: 'ok' });
  expect(checks.get('root /net')).toMatchObject({ state: 'warn', detail: 'is polled: nfs' });
  expect(checks.get('gaps')).toMatchObject({ state: 'warn' });
  expect(checks.get('gaps')!.detail).toMatch(/^\/net: poll, open since 2025/);
});

test('A degraded daemon, a root that is gone and folders without watches are wrong.', async () => {
  const health = { ...HEALTHY, state: 'degraded', reasons: ['the disk is full'] };
  const gone = { ...WATCH, path: '/gone', state: 'gone' };
  const run = await asked(health, [{ ...WATCH, polled_directories: 12 }, gone]);
  expect(run.exitCode).toBe(6);
  const checks = states(run.json());
  expect(checks.get('daemon')!.detail).toContain('the disk is full');
  expect(checks.get('root /gone')).toMatchObject({ state: 'bad' });
  expect(checks.get('root /desk/shop')!.detail).toContain('12 folders');
  const inotify = checks.get('inotify-watches');
  if (inotify) expect(inotify.hint).toContain('sysctl fs.inotify.max_user_watches=');
});

test('A configuration that cannot be used is told, without guessing where the daemon is.', async () => {
  const path = join(home, 'config.toml');
  writeFileSync(path, '[monitor]\nsettle = "soon"\n');
  const run = await runInProcess(['doctor', '--json', '--config', path], {});
  expect(run.exitCode).toBe(6);
  const checks = states(run.json());
  expect(checks.get('config')!.detail).toContain('settle');
  expect(checks.has('daemon')).toBe(false);
});

test('A folder that is open to others, a file in the way and a long socket path are told.', async () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  const place = { dataDir: file, runtimeDir: home, socketPath: join(home, 's'.repeat(120)) };
  const checks = new Map(
    (await placeChecks(place, process.getuid!())).map((check) => [check.name, check]),
  );
  expect(checks.get('data-directory')).toMatchObject({ state: 'bad' });
  expect(checks.get('socket')).toMatchObject({ state: 'bad' });
  expect(checks.get('socket-folder')).toMatchObject({ state: 'ok' });
  const strange = await placeChecks({ ...place, dataDir: '/' }, process.getuid!());
  expect(strange[0]!.state).not.toBe('ok');
});

test('A Node that is too old is wrong.', () => {
  expect(programChecks('20.18.3')[0]).toMatchObject({ name: 'node', state: 'bad' });
  expect(programChecks('22.0.0')[0]).toMatchObject({ name: 'node', state: 'ok' });
});
