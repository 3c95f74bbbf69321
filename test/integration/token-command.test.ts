// `codi token`: without a daemon, with one, and what of it is in the ledger.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { RawClient } from '../support/raw-client.ts';

const places: DaemonPlace[] = [];
let place: DaemonPlace;
beforeEach(() => {
  place = newPlace();
  places.push(place);
});
afterAll(() => {
  for (const made of places) made.remove();
});

const codi = (...words: string[]) =>
  runInProcess(['--data-dir', place.dataDir, ...words], {
    socketPath: place.socketPath,
    cwd: place.home,
  });

test('Scopes are given with commas or one by one; without any they are read and write.', async () => {
  for (const [name, scopes, ...given] of [
    ['one', ['read', 'admin'], '--scope', 'read,admin'],
    ['two', ['read', 'admin'], '--scope', 'read', '--scope', 'admin'],
    ['three', ['read', 'write']],
  ] as const) {
    expect((await codi('token', 'create', name, ...given, '-q')).exitCode).toBe(0);
    const rows = (await codi('token', 'list', '--json')).json();
    expect(rows).toContainEqual(expect.objectContaining({ name, scopes }));
  }
});

test('A token made without a daemon works with the next one, and is in its ledger once.', async () => {
  const made = await codi('token', 'create', 'deploy', '--scope', 'write', '--out', 'deploy.token');
  expect([made.exitCode, made.out]).toEqual([
    0,
    `token deploy written to ${place.home}/deploy.token\n`,
  ]);
  const file = join(place.home, 'deploy.token');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const token = readFileSync(file, 'utf8').trim();
  expect(readFileSync(join(place.dataDir, 'tokens.json'), 'utf8')).not.toContain(token.slice(18));

  const env = { CODI_MONITOR_PORT: '0' };
  for (const round of [1, 2]) {
    const daemon = await startDaemon(place, [], { env });
    const client = await daemon.client();
    const port = Number((await client.request('Health', {})).tcp!.address.split(':')[1]);
    const guest = RawClient.tcp(port).send('Hello', { version: 1, token });
    expect(await guest.answers(1)).toEqual(['Welcome']);
    guest.close();
    const acts = await eventually('the act', async () => {
      const rows = (await codi('audit', 'log', '--kind', 'token.create', '--json')).json();
      return rows.length > 0 && rows;
    });
    expect(acts, `start ${round}`).toMatchObject([
      { subject: 'deploy', actor: `codi without a daemon, uid ${process.getuid!()}` },
    ]);
    await client.close();
    // The second round finds what a killed daemon left: the act again, and stores it once.
    if (round === 1) await daemon.kill();
    else await daemon.stop();
  }
}, 60_000);

test('With a daemon a change is in force at once; lists show no secret.', async () => {
  const daemon = await startDaemon(place, [], { env: { CODI_MONITOR_PORT: '0' } });
  const { out } = await codi('token', 'create', 'build', '--expires', '90d');
  const token = out.trim();
  expect(token).toMatch(/^codi_[0-9a-f]{12}_[\w-]{43}$/);
  const listed = await codi('token', 'list');
  expect(listed.out).toMatch(/^build +[0-9a-f]{12} +read,write /m);
  expect(listed.out).not.toContain(token.slice(18));
  const [row] = (await codi('token', 'list', '--json')).json();
  expect(row).toMatchObject({ name: 'build', scopes: ['read', 'write'] });
  expect(Object.keys(row!)).not.toContain('sha256');

  const again = await codi('token', 'create', 'build');
  expect([again.exitCode, again.notes]).toEqual([3, expect.stringContaining('CODI_TOKEN_EXISTS')]);
  expect((await codi('token', 'rotate', 'build', '--overlap', '1h', '-q')).exitCode).toBe(0);
  expect((await codi('token', 'rotate', 'build')).exitCode).toBe(3);
  const revoked = await codi('token', 'revoke', 'build');
  expect(revoked.out).toBe('2 tokens build revoked, 0 connections closed\n');
  expect((await codi('token', 'revoke', 'build')).exitCode).toBe(5);
  expect((await codi('token', 'list')).notes).toBe('no tokens\n');
  await daemon.stop();
}, 30_000);

test('What cannot be said, or written, makes no token.', async () => {
  writeFileSync(join(place.home, 'there'), 'precious');
  for (const words of [
    ['x', '--scope', 'root'],
    ['x', '--expires', 'yesterday'],
    ['bad name'],
    ['x', '--out', 'there'],
  ]) {
    const { exitCode, out } = await codi('token', 'create', ...words);
    expect([words, exitCode === 0, out]).toEqual([words, false, '']);
  }
  expect(readFileSync(join(place.home, 'there'), 'utf8')).toBe('precious');
});
