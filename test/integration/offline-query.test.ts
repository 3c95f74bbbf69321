import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace } from '../support/daemon.ts';
import { runInProcess } from '../support/cli-harness.ts';

let place: DaemonPlace;

beforeEach(() => {
  place = newPlace();
});

afterEach(() => place.remove());

const offline = (...line: string[]) =>
  runInProcess([...line, '--offline', '--data-dir', place.dataDir], {
    socketPath: place.socketPath,
  });

it('query --offline reads the files of a daemon that was killed, and only while none runs', async () => {
  const daemon = await startDaemon(place);
  const client = await daemon.client();
  await client.batch(
    Array.from({ length: 1_500 }, (_, at) => ({
      level: 'Info' as const,
      component: 'c',
      message: `m${at}`,
    })),
  );
  const refused = await offline('query');
  expect(refused).toMatchObject({ exitCode: 3, out: '' });
  expect(refused.notes).toContain('leave out --offline');
  await daemon.kill();
  await client.close();
  const run = await offline('query', '--json');
  expect(run.notes).toBe('');
  expect(run.json().map((row) => row['message'])).toEqual(
    Array.from({ length: 1_500 }, (_, at) => `m${at}`),
  );
  expect((await offline('query', '--count')).out).toBe('1,500\n');
  expect((await offline('events')).notes).toBe('no events\n');
  expect((await offline('tail', '-n', '1')).out).toContain('m1499');
  // The lock is free again.
  const next = await startDaemon(place);
  await next.stop();
});

it('query --offline leaves nothing behind where there is no ledger', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'codi-empty-'));
  const run = await runInProcess(['query', '--offline', '--data-dir', empty]);
  expect(run.exitCode).toBe(5);
  expect(run.notes).toContain('no ledger');
  expect(readdirSync(empty)).toEqual([]);
  rmSync(empty, { recursive: true });
});
